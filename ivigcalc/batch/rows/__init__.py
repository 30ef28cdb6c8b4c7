"""The rows of a batch: read, understood, and what became of each."""
