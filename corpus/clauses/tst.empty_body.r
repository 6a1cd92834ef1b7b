                   FUNCTION:NAME
                          :BEGIN 
                          :BEGIN 

-- @@stderr --
dtrace: script 'tst.empty_body.d' matched 2 probes
