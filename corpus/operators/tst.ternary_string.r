no yes
zero

