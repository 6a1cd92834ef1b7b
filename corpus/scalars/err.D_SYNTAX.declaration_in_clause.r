-- @@stderr --
dtrace: failed to compile script err.D_SYNTAX.declaration_in_clause.d: [D_SYNTAX] line 9: syntax error near "int"
