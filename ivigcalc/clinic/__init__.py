"""What saved plans come to together, on one day of a clinic."""
