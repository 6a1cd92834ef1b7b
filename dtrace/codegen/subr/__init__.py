"""Subroutines of D, a family a module."""
