
  one                                                       1       97                1
  two                                                       2       98                2
        3  three                                                             3
