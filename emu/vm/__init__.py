"""Running one program: memory, registers, instructions."""
