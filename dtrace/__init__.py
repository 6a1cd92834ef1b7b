"""DTrace for Linux: a D compiler, and what loads its programs and prints their data."""
