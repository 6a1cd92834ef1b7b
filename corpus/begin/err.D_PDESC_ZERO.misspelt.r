-- @@stderr --
dtrace: failed to compile script err.D_PDESC_ZERO.misspelt.d: [D_PDESC_ZERO] line 7: probe description dtrace:::BEGIM does not match any probes
