zero
below two
below three
more

