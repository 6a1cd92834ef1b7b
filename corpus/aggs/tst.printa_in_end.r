the table:

  x                                                                 1

