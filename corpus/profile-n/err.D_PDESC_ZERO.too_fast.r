-- @@stderr --
dtrace: failed to compile script err.D_PDESC_ZERO.too_fast.d: [D_PDESC_ZERO] line 7: probe description :::profile-1us does not match any probes
