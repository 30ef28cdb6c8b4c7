"""One file per patient, under a name that is safe whatever the patient id holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.text import TYPED, safe

if TYPE_CHECKING:
    from ivigcalc.customs import Paper
    from ivigcalc.render.paper.page import Part

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_NAME = 60
_KINDS = ("pdf", "ics", "json")
_SESSION = re.compile(r"[1-9][0-9]{0,3}\.[1-9][0-9]?")
_FILE_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{_MAX_NAME}}}_row([0-9]+)\.(?:{'|'.join(_KINDS)})")


class Pages(Struct, frozen=True):
    """What of a plan is printed: its parts, all where none is named; the record of one `session` alone (course.day);
    and on which paper, None for that of the site."""

    paper: Paper | None = None
    parts: tuple[Part, ...] = ()
    session: str | None = None


ALL_PAGES = Pages()


def file_name(patient_id: str, row: int, suffix: str) -> str:
    """`P0012_row12.pdf`: letters, digits, - and _ only; the row keeps ids apart that look alike without the rest."""
    name = _UNSAFE.sub("-", patient_id[: 2 * _MAX_NAME])[:_MAX_NAME].strip("-")
    return f"{name or 'patient'}_row{row}.{suffix}"


def is_file_name(name: str) -> bool:
    """Whether it is such a name as `file_name` gives."""
    return _FILE_NAME.fullmatch(name) is not None


def row_of(name: str) -> int | None:
    """The row whose file it is; None where it is no such file."""
    found = _FILE_NAME.fullmatch(name)
    return int(found[1]) if found else None


def patient_files(plan: Plan, row: int, kinds: tuple[str, ...], pages: Pages) -> list[tuple[str, bytes]]:
    """(name, content) of each kind of file for one plan."""
    patient_id = plan.computed_from.request.patient.patient_id or ""
    return [(file_name(patient_id, row, kind), _renderer(kind, pages)(plan)) for kind in kinds]


def read_kinds(said: Sequence[str]) -> tuple[str, ...]:
    """`pdf,ics`, or each by itself -> their parts."""
    kinds = tuple(dict.fromkeys(part.strip() for text in said for part in text.split(",")))
    for kind in kinds:
        if kind not in _KINDS:
            raise RequestError(
                f"--each: '{safe(kind, TYPED)}' is not one of the choices; allowed: {', '.join(_KINDS)}",
                field="each",
            )
    return kinds


def read_session(said: str | None) -> str | None:
    """`2.1`, course and day; which courses there are, each row says for itself."""
    if said is None or _SESSION.fullmatch(said.strip()):
        return said and said.strip()
    raise RequestError(f"--session: '{safe(said, TYPED)}' names no session: say course.day, as 2.1", field="session")


def _renderer(kind: str, pages: Pages) -> Callable[[Plan], bytes]:
    if kind == "pdf":
        from ivigcalc.render.paper.pdf import to_pdf

        return partial(to_pdf, paper=pages.paper, parts=pages.parts, session=pages.session)
    if kind == "json":
        from ivigcalc.document.write import to_json

        return lambda plan: to_json(plan).encode("utf-8")
    from ivigcalc.render.ics import to_ics

    return to_ics
