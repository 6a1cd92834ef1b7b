"""Whether an access is allowed."""
