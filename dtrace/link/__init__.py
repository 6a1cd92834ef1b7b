"""Clauses, trampolines and library functions to programs that a kernel loads."""
