-- @@stderr --
dtrace: failed to compile script err.D_SYNTAX.no_condition.d: [D_SYNTAX] line 11: syntax error near ")"
