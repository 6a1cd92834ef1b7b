1 two 3 four 5 6 -7 eight 9 10

