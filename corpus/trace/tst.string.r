                   FUNCTION:NAME
                          :BEGIN   short                              a string that is longer than its column of 33 characters  BEGIN                            

-- @@stderr --
dtrace: script 'tst.string.d' matched 1 probe
