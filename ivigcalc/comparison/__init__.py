"""The same order side by side, with one or two things in it varied."""
