-- @@stderr --
dtrace: failed to compile script err.D_TRUNC_AGGARG.variable.d: [D_TRUNC_AGGARG] line 10: trunc( ) argument #1 is incompatible with prototype:
	prototype: aggregation
	 argument: int
