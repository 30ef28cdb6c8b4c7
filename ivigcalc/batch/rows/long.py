"""A list with a line for each value, as OMOP's measurement, Synthea's observations and Observations of FHIR are.

It is found by its codes, and told by the query that makes a row for each patient of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

#: what a code says that a value is: body weight and height in LOINC, and the concepts that OMOP has for them
MEASURES = {"29463-7": "weight", "3025315": "weight", "8302-2": "height", "3036277": "height"}
#: what the other parts of a line are called, in small letters; in JSON their paths
_CALLED = {
    "patient": ("patient", "person_id", "subject_id", "patient_id", "subject.reference"),
    "value": ("value", "value_as_number", "valuequantity.value"),
    "unit": ("units", "unit", "unit_source_value", "valuequantity.unit"),
    "day": ("date", "measurement_date", "effectivedatetime"),
}
_FINISHED = "'final', 'amended', 'corrected'"
_WITHDRAWN = "'entered-in-error', 'cancelled'"


class LongList(Struct, frozen=True):
    """The headings of its parts: `code`, `patient`, `value`, `unit`, `day`, perhaps `status`; and its codes."""

    parts: Mapping[str, str]
    codes: Mapping[str, str]


def long_list(found: Iterable[tuple[str, frozenset[str]]]) -> LongList | None:
    """By the headings and which of the codes stand under each; None where it is no such list, or has no weights."""
    columns = dict(found)
    spelt = {heading.strip().lower(): heading for heading in columns}
    parts = {part: spelt[name] for part, names in _CALLED.items() for name in reversed(names) if name in spelt}
    code = next((head for head, codes in columns.items() if any(MEASURES[code] == "weight" for code in codes)), None)
    if code is None or len(parts) < len(_CALLED) or code in parts.values():
        return None
    status = {"status": spelt["status"]} if "status" in spelt and "." in code else {}
    return LongList({"code": code, **parts, **status}, {c: m for c, m in MEASURES.items() if c in columns[code]})


def query_of(found: LongList, *, is_json: bool) -> str:
    """One row for each patient, with the newest weight and its day, and the newest height.

    Values of one day that differ stand both in the cell, and what is not final says so: neither is a weight.
    """
    at = {part: _in_json(heading) if is_json else _named(heading) for part, heading in found.parts.items()}
    cases = " ".join(f"WHEN '{code}' THEN '{measure}'" for code, measure in found.codes.items())
    words, rows = [at["value"], at["unit"]], "list"
    if "status" in at:
        status = f"coalesce({at['status']}, 'unknown')"
        words.append(f"CASE WHEN {status} NOT IN ({_FINISHED}) THEN {status} END")  # control: query-final-only
        rows += f" WHERE {status} NOT IN ({_WITHDRAWN})"
    whose = f"{at['patient']} AS patient_id, CASE {at['code']} {cases} END AS measure"
    what = f"concat_ws(' ', {', '.join(words)}) AS said, left(CAST({at['day']} AS VARCHAR), 10) AS day"
    every = f"SELECT {whose}, {what} FROM {rows}"  # noqa: S608 - headings in quotes, and words of this module
    placed = "SELECT *, rank() OVER (PARTITION BY patient_id, measure ORDER BY day DESC) AS place FROM every"
    said = "string_agg(DISTINCT said, ' and ' ORDER BY said)"  # control: query-both-of-one-day
    columns = [f"{said} FILTER (measure = '{measure}') AS {measure}" for measure in dict.fromkeys(found.codes.values())]
    columns.append("max(day) FILTER (measure = 'weight') AS weighed_on")
    rows = f"SELECT patient_id, {', '.join(columns)} FROM newest WHERE place = 1"  # noqa: S608 - the same
    return f"WITH every AS ({every}), newest AS ({placed}) {rows} GROUP BY patient_id ORDER BY patient_id"


def _named(heading: str) -> str:
    return '"' + heading.replace('"', '""') + '"'


def _in_json(path: str) -> str:
    """`code.coding.0.code` of the line, as text."""
    steps = "".join(f"[{part}]" if part.isdecimal() else f'."{part}"' for part in path.split("."))
    quoted = steps.replace("'", "''")
    return f"(json ->> '${quoted}')"
