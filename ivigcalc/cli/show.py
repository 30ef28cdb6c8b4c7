"""Which face of a plan is asked for, and the options that choose it. Each renderer is imported when it is used."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

from msgspec import Struct

from ivigcalc.cli import output as out
from ivigcalc.cli.declare import in_panel
from ivigcalc.errors import RequestError
from ivigcalc.text import LONG, TYPED, near, safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivigcalc.customs import Paper
    from ivigcalc.engine.plan import Plan
    from ivigcalc.render.paper.page import Part


class Format(StrEnum):
    """The faces of a plan."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    text = "text"
    pdf = "pdf"
    ics = "ics"
    svg = "svg"
    png = "png"
    html = "html"
    fhir = "fhir"


#: which face the name of a file says that it holds; `.txt` and the like hold any text
_NAMED: dict[str, Format] = {
    f".{face}": face for face in Format if face not in (Format.table, Format.text, Format.markdown, Format.fhir)
}
_NAMED |= {".htm": Format.html, ".md": Format.markdown}
*_FACES, _LAST_FACE = Format
#: formats of any command whose figures are as machines read them
_FOR_MACHINES = ("csv", "json", "fhir", "parquet")
_output, _order = in_panel("Output"), in_panel("Order")
SiteOption = Annotated[str | None, _order("Site file: hours, holidays, pump, stock, prices.", metavar="FILE")]
FormatOption = Annotated[
    Format,
    _output(f"{', '.join(_FACES)} or {_LAST_FACE}.", "--format", "-f", metavar="FORMAT", show_default=True),
]
OutputOption = Annotated[
    Path | None, _output("Write to a file instead of stdout.", "--output", "-o", metavar="FILE", readable=False)
]
ExplainOption = Annotated[bool, _output("Show the working of every number, with sources.", "--explain")]
NotesOption = Annotated[bool, _output("Show all notes on screen, not only the first.", "--notes")]
QuietOption = Annotated[bool, _output("Nothing on stderr but errors.", "--quiet", "-q")]
NoColorOption = Annotated[bool, _output("No colour.", "--no-color")]
PaperOption = Annotated[
    str | None, _output("a4 or letter, for PDF and HTML; else the site's, else a4.", "--paper", metavar="PAPER")
]
PartOption = Annotated[
    list[str],
    _output("record, calendar, patient or order, for PDF and HTML; repeatable, all if not given.", metavar="PART"),
]
SessionOption = Annotated[
    str | None, _output("Only the record of this session, as 2.1 (course.day), for PDF and HTML.", metavar="C.D")
]
LocaleOption = Annotated[
    str | None,
    _output(
        "Days, clock and decimal mark as in this language and country, de-DE, in all that people read.",
        "--locale",
        metavar="LOCALE",
    ),
]
InitialsOption = Annotated[
    bool,
    _output("Put the patient's initials in the title of each event, for .ics.", "--initials"),
]
#: on stderr beside a calendar file of no time zone
FLOATING_NOTE = (
    "note: no time_zone in the site file, so the times of the calendar file float: every calendar shows them as they "
    "stand, wherever it is"
)


class Look(Struct, frozen=True):
    """How a plan is to be shown."""

    format: Format = Format.table
    to: Path | None = None
    explain: bool = False
    quiet: bool = False
    no_color: bool = False
    paper: str | None = None
    plot: bool = False
    previous: Path | None = None
    alarm_min: int | None = None
    initials: bool = False
    parts: tuple[Part, ...] = ()
    session: str | None = None
    notes: bool = False
    locale: str | None = None

    @property
    def all_notes(self) -> bool:
        """What is kept in a file has them all: who reads it later cannot ask for more."""
        return self.notes or self.to is not None


def show(plan: Plan, look: Look) -> None:
    """Render a plan and write it; a face for machines has the cautions on stderr as well."""
    with for_people(look.locale, look.format):
        face = rendered(plan, look)
    machine = look.format is not Format.table
    out.emit(face, look.to, machine=machine, beside=list(_beside(plan, look)), quiet=look.quiet)


def _beside(plan: Plan, look: Look) -> Iterator[str]:
    """What is said on stderr of a face that does not say it to a person."""
    if look.format not in (Format.table, Format.markdown, Format.text):
        from ivigcalc.render.notices import notice_text

        yield from (notice_text(notice) for notice in plan.notices if notice.level != "info")
        if look.explain and look.format is not Format.json:
            yield f"note: {look.format} has no room for --explain; table, markdown and json have"
    if look.format is Format.ics:
        from ivigcalc.render.ics import times_float

        if times_float(plan):
            yield FLOATING_NOTE
    if look.format in (Format.png, Format.svg) and plan.computed_from.request.command == "schedule":
        yield f"note: {look.format} is a chart of the infusion rates; the pages are --format pdf or html"
    yield from named_otherwise(look)


def named_otherwise(look: Look) -> Iterator[str]:
    """That a file is not what its name says, and how it would be."""
    named = _NAMED.get(look.to.suffix.lower()) if look.to is not None else None
    if look.to is None or named in (None, look.format) or (look.format is Format.fhir and named is Format.json):
        return
    yield f"note: {safe(look.to.name, LONG)} was written as --format {look.format}; --format {named} makes what it says"


def for_people(locale: str | None, format: str) -> AbstractContextManager[None]:
    """The locale that is asked for; what machines read has none."""
    if locale is None:
        return nullcontext()
    if format in _FOR_MACHINES:  # control: no-locale-for-machines
        raise RequestError(
            f"--locale is for what people read, and {format} is for machines: give another --format, or leave it out",
            field="locale",
        )
    from ivigcalc.customs import in_locale

    return in_locale(locale)


def rendered(plan: Plan, look: Look) -> str | bytes:
    """The face that is asked for."""
    match look.format:
        case Format.table:
            return _table(plan, look)
        case Format.json:
            from ivigcalc.document.write import to_json

            return to_json(plan)
        case Format.csv:
            from ivigcalc.render.csv import to_csv

            return to_csv(plan)
        case Format.markdown:
            from ivigcalc.render.markdown import to_markdown

            return to_markdown(plan, explain=look.explain)
        case Format.text:
            from ivigcalc.render.text_block import to_text

            return to_text(plan)
        case Format.pdf:
            from ivigcalc.render.paper.pdf import to_pdf

            return to_pdf(plan, paper_of(look.paper), look.parts, look.session)
        case Format.ics:
            from ivigcalc.render.ics import to_ics

            return to_ics(plan, _previous(look.previous), look.alarm_min, with_initials=look.initials)
        case Format.svg:
            from ivigcalc.render.paper.chart import to_svg

            return to_svg(plan)
        case Format.png:
            from ivigcalc.render.paper.chart import to_png

            return to_png(plan)
        case Format.html:
            from ivigcalc.render.web.html import to_html

            return to_html(plan, paper_of(look.paper), look.parts, look.session)
        case Format.fhir:
            from ivigcalc.render.fhir.bundle import to_fhir

            return to_fhir(plan)
    assert_never(look.format)


def _table(plan: Plan, look: Look) -> str:
    from ivigcalc.render.table import to_table

    screen = out.screen(look.to, look.no_color)
    text = to_table(plan, **screen._asdict(), explain=look.explain, notes=look.all_notes)
    if look.plot:
        from ivigcalc.render.plot import plot_text

        text = plot_text(plan, min(screen.width or 80, 100), ascii_only=screen.ascii_only) + "\n" + text
    return text


def paper_of(text: str | None) -> Paper | None:
    """`a4` or `letter`; None where it is not said."""
    if text is None:
        return None
    lowered = text.lower()
    if lowered not in ("a4", "letter"):
        raise RequestError(
            f"--paper: '{safe(text, TYPED)}' is not one of the choices; allowed: a4, letter", field="paper"
        )
    return lowered  # type: ignore[return-value]


def parts_named(named: tuple[str, ...], session: str | None) -> tuple[Part, ...]:
    """The parts that are named, in the order of the pages; none for all of them. A `session` is that of a record."""
    from ivigcalc.render.paper.page import PARTS

    for part in named:
        if part not in PARTS:
            allowed, typed = ", ".join(PARTS), safe(part, TYPED)
            raise RequestError(
                f"--part: '{typed}' is not one of the choices; {near(part.lower(), PARTS)}allowed: {allowed}",
                field="part",
            )
    if session is not None and named and "record" not in named:
        raise RequestError(
            "--session chooses a record, and --part names other pages: add --part record, or leave one out",
            field="session",
        )
    return () if set(named) == set(PARTS) else tuple(part for part in PARTS if part in named)


def _previous(path: Path | None) -> bytes | None:
    if path is None:
        return None
    from ivigcalc.document.read import MAX_BYTES
    from ivigcalc.files import UnreadableError, read_regular

    try:
        return read_regular(path, MAX_BYTES)
    except UnreadableError as error:
        raise RequestError(f"--previous: {safe(path.name, LONG)} {error}; check the path", field="previous") from None
