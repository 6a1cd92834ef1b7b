plain
parentheses

