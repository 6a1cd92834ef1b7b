
  c                                                                -1
  e                                                                 0
  b                                                                 3
  d                                                                 3
  a                                                                 7
