-- @@stderr --
dtrace: failed to compile script err.D_INT_DIGIT.octal.d: [D_INT_DIGIT] line 9: constant 018 contains invalid digit 8
