1 2 a b

