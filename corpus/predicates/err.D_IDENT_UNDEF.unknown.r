-- @@stderr --
dtrace: failed to compile script err.D_IDENT_UNDEF.unknown.d: [D_IDENT_UNDEF] line 8: failed to resolve nothing: Unknown variable name
