6 seven

