"""C types as D sees them."""
