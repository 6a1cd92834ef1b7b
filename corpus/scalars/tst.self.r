21 text
0

