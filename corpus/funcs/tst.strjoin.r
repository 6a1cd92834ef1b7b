[abcdef] [abcdefg]
[abc]

