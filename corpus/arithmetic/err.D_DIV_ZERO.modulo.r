-- @@stderr --
dtrace: failed to compile script err.D_DIV_ZERO.modulo.d: [D_DIV_ZERO] line 9: expression contains division by zero
