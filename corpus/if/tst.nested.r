only a
not b

