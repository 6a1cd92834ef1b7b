"""dtlab: for developers of programs that must load on many kernels."""
