ab 7 -1

