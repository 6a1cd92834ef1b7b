"""Providers: what there is to trace, and what their probes are made of."""
