"""What changed, in words: between two saved plans, and between two states of a definition."""
