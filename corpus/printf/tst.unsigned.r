[48879] [beef] [BEEF] [137357]
[0xbeef] [0XBEEF] [0137357]
[    beef] [beef    ] [0000beef] [    0xbeef] [00beef]
[ffffffff] [4294967295] [37777777777]

