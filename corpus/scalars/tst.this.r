4 8 word

