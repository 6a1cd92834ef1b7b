-- @@stderr --
dtrace: failed to compile script err.D_PRAGERR.error.d: [D_PRAGERR] line 7: #error: this is the end 
