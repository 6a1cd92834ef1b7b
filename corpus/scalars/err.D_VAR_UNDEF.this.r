-- @@stderr --
dtrace: failed to compile script err.D_VAR_UNDEF.this.d: [D_VAR_UNDEF] line 9: this->nothing has not yet been declared or assigned
