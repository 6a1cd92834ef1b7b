-- @@stderr --
dtrace: failed to compile script err.D_FUNC_UNDEF.unknown.d: [D_FUNC_UNDEF] line 9: undefined function name: nosuchfunction
