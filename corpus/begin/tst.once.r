BEGIN 1 after 0 ticks
BEGIN 1

