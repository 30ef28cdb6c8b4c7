"""A clinic's day -> a table, CSV or JSON, and the text that the paper template sets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from ivigcalc.clinic.day import ClinicDay, Overlap, Taken, Visit
from ivigcalc.customs import Paper, customs
from ivigcalc.document.write import text_of
from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.render.catalogue.lists import Day
from ivigcalc.render.catalogue.paper import DayPage
from ivigcalc.render.catalogue.plans import Plans
from ivigcalc.render.csv import safe_cell, write_rows
from ivigcalc.render.figures import figure, shown
from ivigcalc.render.times import in_its_customs, long_day, on_its_screen, plain_day
from ivigcalc.render.words import clean, clinic, who

SCHEMA = "ivigcalc.day/1"
#: of a patient's name, or of the file of a plan, in the table
_LONGEST_WORD = 12
#: what the table says of a visit: when it is, and what is given
_VISIT = (
    *((0, heading) for heading in (Day.arrive, Day.start, Day.end, Day.leave)),
    *((1, heading) for heading in (Day.product, Day.course_day, Plans.dose_g, Plans.vials)),
)
_COLUMNS = (
    "chair",
    "patient",
    "patient_id",
    "arrives",
    "starts",
    "ends",
    "leaves",
    "regimen",
    "product",
    "course",
    "day",
    "dose_g",
    "volume_ml",
    "vials",
    "warnings",
    "plan",
)


def _iso(moment: datetime | None) -> str | None:
    return moment.replace(tzinfo=None).isoformat(timespec="minutes") if moment else None


def vials_text(visit: Visit) -> str:
    """`2 x 30 g + 1 x 10 g`."""
    return " + ".join(f"{count} x {figure(size_g)} g" for size_g, count in visit.vials)


# ---- for machines ---------------------------------------------------------------------------------------------------


def _data(visit: Visit) -> dict[str, Any]:
    return {
        "chair": visit.chair,
        "patient": visit.name,
        "patient_id": visit.patient_id,
        "arrives": _iso(visit.arrives),
        "starts": _iso(visit.starts),
        "ends": _iso(visit.ends),
        "leaves": _iso(visit.leaves),
        "regimen": visit.treatment,
        "product": visit.product,
        "course": visit.course,
        "day": visit.day,
        "dose_g": visit.dose_g,
        "volume_ml": visit.volume_ml,
        "vials": [{"size_g": size_g, "count": count} for size_g, count in visit.vials],
        "warnings": list(visit.warnings),
        "plan": visit.plan,
    }


def to_json(day: ClinicDay) -> str:
    """One document: visits, overlaps, vials to be taken."""
    overlaps = [
        {"from": _iso(found.starts), "to": _iso(found.ends), "patients": [visit.who for visit in found.visits]}
        for found in day.overlaps
    ]
    taken = [
        {"product": found.product, "size_g": found.size_g, "count": found.count, "held": found.held}
        for found in day.taken
    ]
    return text_of(
        {
            "schema": SCHEMA,
            "date": day.on.isoformat(),
            "visits": [_data(visit) for visit in day.visits],
            "chairs": day.chairs,
            "chairs_needed": day.chairs_needed,
            "overlaps": overlaps,
            "vials": taken,
            "dose_g": day.dose_g,
            "twice": list(day.twice),
            "check": CHECK_LINE,
        }
    )


def to_csv(day: ClinicDay) -> str:
    """A row for each visit."""
    return write_rows(_COLUMNS, map(_csv_row, day.visits))


def _csv_row(visit: Visit) -> tuple[str, ...]:
    times = map(_iso, (visit.arrives, visit.starts, visit.ends, visit.leaves))
    figures = (visit.course, visit.day, visit.dose_g, visit.volume_ml)
    return (
        shown(visit.chair, ""),
        safe_cell(visit.name),
        safe_cell(visit.patient_id),
        *(text or "" for text in times),
        safe_cell(visit.treatment),
        safe_cell(visit.product),
        *(shown(figure, "") for figure in figures),
        vials_text(visit),
        ";".join(visit.warnings),
        safe_cell(visit.plan),
    )


# ---- for people -----------------------------------------------------------------------------------------------------


def clock_on(moment: datetime | None, on: date) -> str:
    """`09:15`; with the day where it is another one, and with which of the two where a time comes twice."""
    if moment is None:
        return "-"
    time = customs().clock(moment.hour * 60 + moment.minute) + _which_of_two(moment)
    days = (moment.date() - on).days
    return time if days == 0 else f"{time} {'+' if days > 0 else '-'}{abs(days)} d"


def _which_of_two(moment: datetime) -> str:
    if moment.utcoffset() == moment.replace(fold=1 - moment.fold).utcoffset():
        return ""
    return " (2nd)" if moment.fold else " (1st)"


@in_its_customs
def heading(day: ClinicDay) -> str:
    """The day, and how much of it there is."""
    many = len(day.visits)
    heading = Day.heading_one if many == 1 else Day.heading
    return heading.format(day=long_day(day.on), count=many, dose=figure(day.dose_g))


def patient_text(visit: Visit) -> str:
    """Name and id; what was not given is said by the file."""
    return who(visit.name, visit.patient_id) or clean(visit.plan, 60)


@in_its_customs
def cautions(day: ClinicDay) -> list[str]:
    """What does not fit: too many patients for the chairs, a patient twice, too few vials."""
    lines = [_overlap_text(day, found) for found in day.overlaps]
    lines += [Day.caution.format(said=clean(text, 200)) for text in day.twice]
    return lines + [_short(found) for found in day.taken if found.lacking]


def remarks(day: ClinicDay) -> list[str]:
    """What else the charge nurse must know beside the list."""
    lines = []
    if untimed := [visit for visit in day.visits if visit.arrives is None]:
        lines.append(Day.no_time.format(names=", ".join(patient_text(visit) for visit in untimed)))
    if open_end := [visit for visit in day.visits if visit.arrives is not None and visit.leaves is None]:
        named = ", ".join(patient_text(visit) for visit in open_end)
        lines.append(Day.no_end.format(names=named))
    in_use = Day.one_chair if day.chairs_needed == 1 else Day.many_chairs
    chairs = in_use.format(count=day.chairs_needed)
    if day.chairs_needed:
        lines.append(Day.site_has.format(said=chairs, count=day.chairs) if day.chairs else chairs)
    lines.append(Day.as_saved)
    return lines


def _overlap_text(day: ClinicDay, found: Overlap) -> str:
    named = ", ".join(patient_text(visit) for visit in found.visits)
    return Day.named.format(said=too_many(day, found), names=named)


def too_many(day: ClinicDay, found: Overlap) -> str:
    """When there are how many patients for how many chairs, without their names."""
    chairs = day.chairs or 0
    said = Day.too_many_for_chair if chairs == 1 else Day.too_many_for_chairs
    start, end = clock_on(found.starts, day.on), clock_on(found.ends, day.on)
    return said.format(start=start, end=end, patients=len(found.visits), chairs=chairs)


def _short(found: Taken) -> str:
    size = figure(found.size_g)
    return Day.too_few.format(
        product=found.product, size=size, needed=found.count, held=found.held, lacking=found.lacking
    )


@on_its_screen
def to_table(day: ClinicDay, *, width: int | None = None, color: bool = False, ascii_only: bool = False) -> str:
    """The day as a table for a screen."""
    from rich.console import Group, RenderableType
    from rich.text import Text

    from ivigcalc.render.parted import Shown, tables
    from ivigcalc.render.table import PIPE_WIDTH, in_short_words, new_table, render

    parts: list[RenderableType] = [Text(heading(day), style="bold", overflow="fold")]
    parts += [Text(where, overflow="fold") for where in [clinic(day.site)] if where]
    if day.visits:
        chairs, patients, *others = zip(*(_row(day, visit) for visit in day.visits), strict=True)
        short = tuple(in_short_words(patient, _LONGEST_WORD) for patient in patients)
        names = [Shown(Day.chair, chairs), Shown(Day.patient, short, of_words=True, folds=True)]
        columns = [
            Shown(heading, cells, topic, of_words=heading in (Day.product, Plans.vials), folds=heading == Plans.vials)
            for (topic, heading), cells in zip(_VISIT, others, strict=True)
        ]
        for part, table in enumerate(tables(names, columns, width or PIPE_WIDTH)):
            parts += [Text(""), table] if part else [table]
        vials = new_table(Day.from_stock, Day.vial_g, Day.take, Day.held, left=(Day.from_stock,))
        for found in day.taken:
            vials.add_row(*map(Text, taken_row(found)))
        parts.append(vials)
    parts += [Text(line, overflow="fold", style="bold yellow") for line in cautions(day)]
    parts += [Text(line, overflow="fold") for line in (*_marked(day), *remarks(day))]
    return render(Group(*parts, Text(CHECK_LINE, style="bold")), width=width, color=color, ascii_only=ascii_only)


def _marked(day: ClinicDay) -> Iterator[str]:
    """What the mark behind a patient says."""
    if codes := sorted({code for visit in day.visits for code in visit.warnings}):
        yield Day.marked.format(codes=", ".join(codes))


def _row(day: ClinicDay, visit: Visit) -> tuple[str, ...]:
    times = (visit.arrives, visit.starts, visit.ends, visit.leaves)
    vials = " ".join(f"{count}x{figure(size_g)}" for size_g, count in visit.vials) or "-"
    marked = f"{patient_text(visit)}{' !' if visit.warnings else ''}"
    where = f"{visit.course}.{visit.day}"
    clocks = (clock_on(moment, day.on) for moment in times)
    return (shown(visit.chair), marked, *clocks, visit.product, where, figure(visit.dose_g), vials)


def taken_row(found: Taken) -> tuple[str, ...]:
    """Vials of one size: product, size, how many to take, how many there are."""
    return clean(found.product, 40), figure(found.size_g), str(found.count), shown(found.held)


@in_its_customs
def paper(day: ClinicDay, paper: Paper | None = None) -> dict[str, Any]:
    """Everything that is printed. `paper`: None for that of the site."""
    return {
        "paper": "us-letter" if (paper or customs().paper) == "letter" else "a4",
        "title": heading(day),
        "clinic": clinic(day.site),
        "date": plain_day(day.on),
        "check": CHECK_LINE,
        "visits": [list(_paper_row(day, visit)) for visit in day.visits],
        "taken": [list(taken_row(found)) for found in day.taken],
        "cautions": cautions(day),
        "remarks": remarks(day),
    }


def _paper_row(day: ClinicDay, visit: Visit) -> Iterator[str]:
    yield shown(visit.chair)
    yield patient_text(visit)
    yield from (clock_on(moment, day.on) for moment in (visit.arrives, visit.starts, visit.ends, visit.leaves))
    yield clean(DayPage.treatment_of.format(treatment=visit.treatment, course=visit.course, day=visit.day), 80)
    yield clean(visit.product, 40)
    yield f"{figure(visit.dose_g)} g, {shown(visit.volume_ml)} mL"
    yield vials_text(visit)
    yield ", ".join(visit.warnings)
