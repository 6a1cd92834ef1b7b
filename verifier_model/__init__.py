"""The Linux verifier's judgement of a BPF program, kernel by kernel."""
