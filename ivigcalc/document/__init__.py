"""The plan document `ivigcalc.plan/1`: declared, written, read, described, compared, verified."""
