"""What each instruction does to a state."""
