"""Proofs that what the model computes contains what really happens, release by release."""
