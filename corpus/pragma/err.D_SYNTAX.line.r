-- @@stderr --
dtrace: failed to compile script err.D_SYNTAX.line.d: [D_SYNTAX] line 103: syntax error near ";"
