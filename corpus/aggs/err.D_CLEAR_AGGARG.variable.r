-- @@stderr --
dtrace: failed to compile script err.D_CLEAR_AGGARG.variable.d: [D_CLEAR_AGGARG] line 10: clear( ) argument #1 is incompatible with prototype:
	prototype: aggregation
	 argument: int
