-- @@stderr --
dtrace: failed to compile script err.D_CAST_INVAL.void.d: [D_CAST_INVAL] line 9: invalid cast expression: "void" to "int"
