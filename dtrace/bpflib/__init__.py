"""The precompiled function library: C sources, and what clang made of them."""
