-- @@stderr --
dtrace: failed to compile script err.D_PROTO_ARG.key_type.d: [D_PROTO_ARG] line 10: a[ ] key #1 is incompatible with prototype:
	prototype: int
	      key: string
