                   FUNCTION:NAME
                          :BEGIN           1

-- @@stderr --
dtrace: script 'tst.bufsize.d' matched 1 probe
bufsize increased to 8192
