-- @@stderr --
dtrace: failed to compile script err.D_AGG_NULL.statement.d: [D_AGG_NULL] line 10: expression has null effect: @a
