5 set 6

