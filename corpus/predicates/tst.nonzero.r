big
minus

