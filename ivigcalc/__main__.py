"""`python -m ivigcalc`."""

from ivigcalc.cli.start import run

run()
