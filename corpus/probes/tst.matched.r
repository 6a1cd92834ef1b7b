                   FUNCTION:NAME
                          :BEGIN   BEGIN                            
                          :BEGIN 
                            :END   END                              

-- @@stderr --
dtrace: script 'tst.matched.d' matched 3 probes
