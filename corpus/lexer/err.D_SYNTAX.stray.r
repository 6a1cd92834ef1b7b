-- @@stderr --
dtrace: failed to compile script err.D_SYNTAX.stray.d: [D_SYNTAX] line 9: syntax error near "#"
