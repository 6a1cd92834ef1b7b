"""Helpers at run time, grouped as the kernel groups them."""
