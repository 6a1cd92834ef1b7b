                   FUNCTION:NAME
                          :BEGIN   text                             
                          :BEGIN           1

-- @@stderr --
dtrace: script 'tst.default_output.d' matched 3 probes
