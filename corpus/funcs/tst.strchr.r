[llo hello] [lo]
[llo] [hello]
1 1 1

