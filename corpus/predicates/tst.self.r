on
off

