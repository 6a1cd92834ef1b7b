a	b\c"dAA
t	q"e|

