"""What is shown by a browser: one page that stands alone, for a screen and for its printer."""
