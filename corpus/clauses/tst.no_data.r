                   FUNCTION:NAME
                          :BEGIN           2

-- @@stderr --
dtrace: script 'tst.no_data.d' matched 3 probes
