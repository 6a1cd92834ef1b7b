-- @@stderr --
dtrace: failed to compile script err.D_SYNTAX.semicolon_after.d: [D_SYNTAX] line 10: syntax error near ";"
