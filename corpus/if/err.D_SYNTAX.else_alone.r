-- @@stderr --
dtrace: failed to compile script err.D_SYNTAX.else_alone.d: [D_SYNTAX] line 11: syntax error near "else"
