tab	here
quote " backslash \
ABC
it's

