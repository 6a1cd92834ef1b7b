"""Probe descriptions and probes."""
