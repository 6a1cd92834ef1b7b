-- @@stderr --
dtrace: failed to compile script err.D_OP_PTR.integer.d: [D_OP_PTR] line 10: operator -> must be applied to a pointer
