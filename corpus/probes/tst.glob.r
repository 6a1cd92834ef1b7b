star
question mark
set

