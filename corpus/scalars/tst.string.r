[]
[second] [first]
[]

