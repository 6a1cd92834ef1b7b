5 /* not */ // one

