"""Meaning: names, types and contexts of a parsed program ("cooking")."""
