zero
three

