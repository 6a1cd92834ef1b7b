                   FUNCTION:NAME
                          :BEGIN 
                            :END   bye                              

-- @@stderr --
dtrace: script 'tst.default_output.d' matched 2 probes
