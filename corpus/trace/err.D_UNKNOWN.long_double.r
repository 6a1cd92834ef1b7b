-- @@stderr --
dtrace: failed to compile script err.D_UNKNOWN.long_double.d: [D_UNKNOWN] line 12: a value of type long double cannot be used: it is wider than a register
