-- @@stderr --
dtrace: failed to compile script err.D_MACRO_OFLOW.huge.d: [D_MACRO_OFLOW] line 11: macro argument $1 constant 123456789012345678901234567890 results in integer overflow
