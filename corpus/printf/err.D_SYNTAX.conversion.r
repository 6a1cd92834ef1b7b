-- @@stderr --
dtrace: failed to compile script err.D_SYNTAX.conversion.d: [D_SYNTAX] line 9: format conversion #1 is undefined: %v
