"""`--from-fhir`: the patient record that fills in what nobody typed."""

from __future__ import annotations

from pathlib import Path

from ivigcalc.cli import output as out
from ivigcalc.cli.today import today
from ivigcalc.request.form import Form


def filled(form: Form, record: Path, *, quiet: bool) -> Form:
    """The form with what the record says; each value that was taken, and how old it is, is said on stderr."""
    from ivigcalc import library
    from ivigcalc.fhir.bundle import read_bundle
    from ivigcalc.fhir.form import with_record

    taken = with_record(form, read_bundle(record), library.safety().value, today())
    for line in taken.said:
        out.say(f"from the record: {line}", quiet=quiet)  # control: record-said
    return taken.form
