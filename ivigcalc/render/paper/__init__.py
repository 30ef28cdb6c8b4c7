"""What is printed: pages, chart and typesetting."""
