"""What kernels since 7.1 compute of a program before they walk it: constants, calls, liveness."""
