"""IVIG doses, vials, rates and dates from a weight and a published regimen."""
