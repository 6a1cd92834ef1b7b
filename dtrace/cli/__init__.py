"""The dtrace command."""
