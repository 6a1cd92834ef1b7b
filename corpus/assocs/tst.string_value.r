uno two

