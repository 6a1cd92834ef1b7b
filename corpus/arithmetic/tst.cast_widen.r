-2 254 -2 4294967294
fffffffffffffffe fffffffffffffffe

