-- @@stderr --
dtrace: failed to compile script err.D_AGG_FUNC.expression.d: [D_AGG_FUNC] line 9: @a must be assigned the result of an aggregating function
