"""What stands behind a protocol and what of it was read, in words: two things, said beside each other."""

from __future__ import annotations

from ivigcalc.definitions import Protocol
from ivigcalc.render.catalogue.lists import Evidence

_EVIDENCE = {
    None: Evidence.not_said,
    "label": Evidence.label,
    "guideline": Evidence.guideline,
    "consensus": Evidence.consensus,
    "randomised-trial": Evidence.randomised_trial,
    "trial": Evidence.trial,
    "cohort": Evidence.cohort,
    "case-series": Evidence.case_series,
    "case-report": Evidence.case_report,
    "review": Evidence.review,
    "registry": Evidence.registry,
    "tertiary": Evidence.tertiary,
}
_READING = {
    None: Evidence.reading_not_said,
    "original": Evidence.original,
    "copy": Evidence.copy,
    "abstract": Evidence.abstract,
    "secondary": Evidence.secondary,
}


def evidence_text(protocol: Protocol) -> str:
    """`randomised trial, 95 patients`."""
    evidence, count = _EVIDENCE[protocol.evidence], protocol.patients
    if not count:
        return evidence
    return (Evidence.one_patient if count == 1 else Evidence.many_patients).format(evidence=evidence, count=count)


def reading_text(protocol: Protocol) -> str:
    """`abstract read`."""
    return _READING[protocol.reading]


def basis_text(protocol: Protocol) -> str:
    """`randomised trial, 95 patients; abstract read`."""
    return f"{evidence_text(protocol)}; {reading_text(protocol)}"
