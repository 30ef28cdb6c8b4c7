"""The plan document `ivigcalc.plan/1`: written, read, verified."""
