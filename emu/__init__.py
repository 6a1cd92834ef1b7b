"""A BPF machine: the facts about kernels, the instruction set, and a world to run programs in."""
