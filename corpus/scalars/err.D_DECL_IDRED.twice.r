-- @@stderr --
dtrace: failed to compile script err.D_DECL_IDRED.twice.d: [D_DECL_IDRED] line 8: identifier redeclared: x
	 current: scalar string
	previous: scalar int
