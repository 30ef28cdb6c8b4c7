"""What stands behind a protocol and what of it was read, in words: two things, said beside each other."""

from __future__ import annotations

from ivigcalc.definitions import Protocol
from ivigcalc.text import counted

_EVIDENCE = {
    None: "evidence not said",
    "label": "label",
    "guideline": "guideline",
    "consensus": "consensus of experts",
    "randomised-trial": "randomised trial",
    "trial": "trial, not said to be randomised",
    "cohort": "cohort",
    "case-series": "case series",
    "case-report": "case report",
    "review": "review",
    "registry": "entry in a trial registry, no result",
    "tertiary": "page that repeats others",
}
_READING = {
    None: "reading not said",
    "original": "original read",
    "copy": "copy read",
    "abstract": "abstract read",
    "secondary": "read in a secondary source",
}


def evidence_text(protocol: Protocol) -> str:
    """`randomised trial, 95 patients`."""
    patients = f", {counted(protocol.patients, 'patient')}" if protocol.patients else ""
    return f"{_EVIDENCE[protocol.evidence]}{patients}"


def reading_text(protocol: Protocol) -> str:
    """`abstract read`."""
    return _READING[protocol.reading]


def basis_text(protocol: Protocol) -> str:
    """`randomised trial, 95 patients; abstract read`."""
    return f"{evidence_text(protocol)}; {reading_text(protocol)}"
