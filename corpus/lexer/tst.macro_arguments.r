13 hello 12 32

