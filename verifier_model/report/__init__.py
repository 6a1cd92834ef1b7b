"""The report on a rejection: what failed, where, why, and how the path led there (7.3).

Kernels since 7.3 end the log of a rejection with it; for older ones it can be asked for.
"""
