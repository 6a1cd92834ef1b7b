-- @@stderr --
dtrace: failed to compile script err.D_PDESC_ZERO.provider.d: [D_PDESC_ZERO] line 7: probe description nosuchprovider:::entry does not match any probes
