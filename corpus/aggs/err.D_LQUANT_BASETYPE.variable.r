-- @@stderr --
dtrace: failed to compile script err.D_LQUANT_BASETYPE.variable.d: [D_LQUANT_BASETYPE] line 10: lquantize( ) argument #1 must be an integer constant
