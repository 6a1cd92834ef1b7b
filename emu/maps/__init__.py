"""Maps at run time, one kind a file."""
