"""Where programs run: one protocol, two kernels."""
