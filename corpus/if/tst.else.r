not one
one

