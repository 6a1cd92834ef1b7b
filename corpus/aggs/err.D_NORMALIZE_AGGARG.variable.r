-- @@stderr --
dtrace: failed to compile script err.D_NORMALIZE_AGGARG.variable.d: [D_NORMALIZE_AGGARG] line 10: normalize( ) argument #1 is incompatible with prototype:
	prototype: aggregation
	 argument: int
