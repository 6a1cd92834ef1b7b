-- @@stderr --
dtrace: failed to compile script err.D_SYNTAX.no_body.d: [D_SYNTAX] line 7: expected predicate and/or actions following probe description
