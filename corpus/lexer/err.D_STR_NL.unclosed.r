-- @@stderr --
dtrace: failed to compile script err.D_STR_NL.unclosed.d: [D_STR_NL] line 10: newline encountered in string literal
