                   FUNCTION:NAME
                          :BEGIN 
                          :BEGIN 

-- @@stderr --
dtrace: script 'tst.default_action.d' matched 3 probes
