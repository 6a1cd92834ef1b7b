
  by three                                                          4
  other                                                             6
