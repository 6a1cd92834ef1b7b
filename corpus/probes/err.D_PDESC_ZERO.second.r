-- @@stderr --
dtrace: failed to compile script err.D_PDESC_ZERO.second.d: [D_PDESC_ZERO] line 8: probe description dtrace:::NOTHING does not match any probes
