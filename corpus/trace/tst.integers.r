                   FUNCTION:NAME
                          :BEGIN   -5    -5         -5                  -5
                          :BEGIN  251 65531 4294967291 18446744073709551611

-- @@stderr --
dtrace: script 'tst.integers.d' matched 2 probes
