-- @@stderr --
dtrace: failed to compile script err.D_IDENT_UNDEF.clear.d: [D_IDENT_UNDEF] line 9: failed to resolve @nothing: Unknown variable name
