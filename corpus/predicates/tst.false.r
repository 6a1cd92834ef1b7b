always

