-- @@stderr --
dtrace: failed to compile script err.D_PDESC_ZERO.unit.d: [D_PDESC_ZERO] line 7: probe description :::profile-10fortnight does not match any probes
