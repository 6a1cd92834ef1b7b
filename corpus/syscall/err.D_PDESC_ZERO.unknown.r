-- @@stderr --
dtrace: failed to compile script err.D_PDESC_ZERO.unknown.d: [D_PDESC_ZERO] line 7: probe description syscall::nosuchcall:entry does not match any probes
