"""`python -m ivigcalc`."""

from ivigcalc.cli.main import run

run()
