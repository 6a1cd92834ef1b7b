                   FUNCTION:NAME
                          :BEGIN n is 5, m is 6

-- @@stderr --
dtrace: script 'tst.not_quiet.d' matched 1 probe
