"""Typed tree to BPF instructions over virtual registers."""
