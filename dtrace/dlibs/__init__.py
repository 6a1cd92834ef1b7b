"""The D library: names that every program may use without declaring them."""
