1234abcd ffffffff81000000
[              1234] [1234              ]

