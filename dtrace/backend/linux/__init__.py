"""The real kernel: bpf(2), perf events, tracefs and processes, by ctypes and mmap alone."""
