"""D text to a tree."""
