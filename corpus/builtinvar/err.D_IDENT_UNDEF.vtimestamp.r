-- @@stderr --
dtrace: failed to compile script err.D_IDENT_UNDEF.vtimestamp.d: [D_IDENT_UNDEF] line 7: built-in variable 'vtimestamp' not implemented
