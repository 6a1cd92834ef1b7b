[A] [b] [  c] [d  ]

