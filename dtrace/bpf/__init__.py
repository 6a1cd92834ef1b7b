"""Writing BPF: instructions over virtual registers."""
