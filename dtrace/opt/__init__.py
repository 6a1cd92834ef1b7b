"""Passes over instructions with virtual registers."""
