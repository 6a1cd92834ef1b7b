-- @@stderr --
dtrace: failed to compile script err.D_OP_INCOMPAT.retype.d: [D_OP_INCOMPAT] line 10: operands have incompatible types: "int" = "string"
