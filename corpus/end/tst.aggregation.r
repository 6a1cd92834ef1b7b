
  begin                                                             1
  end                                                               2
