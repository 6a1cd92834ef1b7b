"""Abstract numbers: known bits and ranges of the 64-bit values in registers."""
