-- @@stderr --
dtrace: script 'err.aggsize.d' matched 1 probe
dtrace: could not enable tracing: Enabling exceeds size of buffer
