-- @@stderr --
dtrace: failed to compile script err.D_ALLOCA_SIZE.alloca.d: [D_ALLOCA_SIZE] line 11: alloca(257) size larger than scratchsize 256
