[hello] [   hello] [hello   ] [hello]
[hel] [     hel] [hel     ] [hello]
[] [     ]

