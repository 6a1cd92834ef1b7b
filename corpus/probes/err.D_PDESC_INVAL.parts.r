-- @@stderr --
dtrace: failed to compile script err.D_PDESC_INVAL.parts.d: [D_PDESC_INVAL] line 7: invalid probe description "dtrace:a:b:c:BEGIN": Overspecified probe description
