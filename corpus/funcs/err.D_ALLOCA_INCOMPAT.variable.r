-- @@stderr --
dtrace: failed to compile script err.D_ALLOCA_INCOMPAT.variable.d: [D_ALLOCA_INCOMPAT] line 9: p: cannot reuse the same identifier for both alloca and non-alloca allocations
