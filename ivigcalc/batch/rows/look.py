"""`--survey`: a whole list looked at without planning.

Which columns it has and what is in them, what a batch would call them, and which cells could not be read, how often.
Its memory does not grow with the list.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.batch.rows.columns import COLUMNS, Cell, Columns
from ivigcalc.batch.rows.headings import Reading, place_of, plain_name
from ivigcalc.batch.rows.long import MEASURES, long_list, query_of
from ivigcalc.batch.rows.outcome import Failed, for_clerk
from ivigcalc.batch.rows.problems import problems
from ivigcalc.batch.rows.source import Source
from ivigcalc.batch.rows.survey import RepeatedIds
from ivigcalc.definitions import Site
from ivigcalc.errors import RequestError
from ivigcalc.request.fields import FIELDS
from ivigcalc.request.form import Form
from ivigcalc.text import TYPED, counted, safe

#: words of one column that are counted by themselves, and how many of them are shown
_WORDS, _SHOWN = 1000, 5
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?")
#: words that people write for nothing
_NOTHING = ("NA", "N/A", "NULL", "null", "None", "NaN", "nan", ".", "-", "?", "#N/A")
#: what a column is called elsewhere, where the name settles what it holds and in which unit
_CALLED = {
    "patient_id": "seqn person_id subject_id patient patientid pat_id mrn id person_source_value",
    "weight_kg": "bmxwt weightkg wt_kg body_weight_kg weight_(kg) weight_in_kg",
    "weight_lb": "weightlb wt_lb weight_lbs weight_pounds weight_(lb) weight_(lbs)",
    "height_cm": "bmxht heightcm ht_cm body_height_cm height_(cm) height_in_cm",
    "age_years": "ridageyr age_in_years age_yrs age_(years) anchor_age",
    "birth_date": "birthdate birth_datetime dob date_of_birth birth_day",
    "sex": "gender",
    "start": "start_date first_day",
}
_KNOWN_AS = {name: column for column, names in _CALLED.items() for name in names.split()}
#: columns that want a unit before they can be used
_WITHOUT_UNIT = {
    "weight": "weight_kg or weight_lb",
    "wt": "weight_kg or weight_lb",
    "height": "height_cm",
    "age": "age_years",
}


@dataclass(slots=True)
class _Column:
    """What was found in one column."""

    heading: str
    filled: int = 0
    numbers: int = 0
    dates: int = 0
    least: Any = None
    most: Any = None
    words: Counter[str] = field(default_factory=Counter)
    nothing: Counter[str] = field(default_factory=Counter)
    #: codes of a weight or height that stand in it
    codes: set[str] = field(default_factory=set)

    def take(self, cell: Cell) -> None:
        """Look at one cell."""
        text = (cell if isinstance(cell, str) else ";".join(cell)).strip()
        if not text:
            return
        if text in _NOTHING:
            self.nothing[text] += 1
            return
        self.filled += 1
        if text in MEASURES:
            self.codes.add(text)
        value = _number(text)
        if value is not None:
            self.numbers += 1
            self.least = value if self.least is None else min(self.least, value)
            self.most = value if self.most is None else max(self.most, value)
        self.dates += bool(_DATE.fullmatch(text))
        if len(self.words) < _WORDS or text in self.words:
            self.words[text] += 1

    def says(self) -> str:
        """In words: a range of numbers, or the words that come most often."""
        if not self.filled:
            return "nothing"
        if self.numbers == self.filled:
            return f"numbers, {self.least} to {self.most}"
        if self.dates == self.filled:
            return f"days, such as {safe(next(iter(self.words)), TYPED)}"
        few = ", ".join(f"{safe(word, TYPED)} ({count:,})" for word, count in self.words.most_common(_SHOWN))
        others = f", and {self.filled - self.numbers:,} that are no numbers" if self.numbers else ""
        return few if not self.numbers else f"numbers, {self.least} to {self.most}{others}: {few}"


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


class Looked(Struct, frozen=True):
    """What a list holds."""

    rows: int
    unreadable: int
    repeated: int
    columns: tuple[_Column, ...]
    #: column -> heading: what is read, given or suggested
    read_as: dict[str, str]
    suggested: dict[str, str]
    nulls: tuple[str, ...]
    #: (column, code) -> how many rows, and the first of them: its number and what is said
    failing: dict[tuple[str, str], tuple[int, int, str]]
    #: of a list with a line for each value: the query that makes a row for each patient
    query: str | None = None


def look(source: Source, reading: Reading, defaults: Form, site: Site) -> Looked:
    """Look at every row twice: at what is there, and at what of it cannot be read."""
    headings, rows = source.as_it_is()
    columns = [_Column(heading) for heading in headings]
    count = unreadable = 0
    for _, cells in rows:
        count += 1
        if isinstance(cells, Failed):
            unreadable += 1
            continue
        for column, cell in zip(columns, cells, strict=False):
            column.take(cell)
    nulls = tuple(word for word in _NOTHING if any(column.nothing[word] for column in columns))
    found = long_list((column.heading, frozenset(column.codes)) for column in columns)
    if found and reading.query is None:
        query = query_of(found, is_json=source.kind == "jsonl")
        return Looked(count, unreadable, 0, tuple(columns), {}, {}, (), {}, query)
    suggested = _suggested(headings, reading)
    read_as = _read_as(headings, {**reading.renamed, **suggested})
    seen = replace(reading, nulls=reading.nulls | set(nulls))
    failing, repeated = _failing(source, read_as, seen, defaults, site)
    return Looked(count, unreadable, repeated, tuple(columns), read_as, suggested, nulls, failing)


def _suggested(headings: Sequence[str], reading: Reading) -> dict[str, str]:
    """Columns for headings that are called otherwise, the first of each."""
    taken = {*reading.renamed, *(plain_name(heading) for heading in headings)}
    used = {plain_name(heading) for heading in reading.renamed.values()}
    found: dict[str, str] = {}
    for heading in headings:
        column = _KNOWN_AS.get(plain_name(heading.rpartition(".")[2]) if "." in heading else plain_name(heading))
        if column and column not in taken and column not in found and plain_name(heading) not in used:
            found[column] = heading
    return found


def _read_as(headings: Sequence[str], renamed: dict[str, str]) -> dict[str, str]:
    own = {plain_name(heading): heading for heading in headings if plain_name(heading) in COLUMNS}
    mapped = {column: headings[place_of(heading, headings)] for column, heading in renamed.items()}
    return {**own, **mapped}


def _failing(
    source: Source, read_as: dict[str, str], reading: Reading, defaults: Form, site: Site
) -> tuple[dict[tuple[str, str], tuple[int, int, str]], int]:
    """What would fail, and how many ids are there more than once."""
    failing: dict[tuple[str, str], tuple[int, int, str]] = {}
    if "patient_id" not in read_as:
        return failing, 0
    headings, rows = source.as_it_is()
    columns = Columns(tuple(read_as), Form())
    places = [headings.index(heading) for heading in read_as.values()]
    said = {item.name: getattr(defaults, item.name) for item in FIELDS}
    ids = RepeatedIds()
    for number, cells in rows:
        if isinstance(cells, Failed):
            _count(failing, cells, number)
            continue
        mine = reading.blanked([cells[place] if place < len(cells) else "" for place in places])
        ids.note(columns.patient_id(mine))
        found = list(columns.each(mine))
        words = {name: word for name, word in found if not isinstance(word, RequestError)}
        if not columns.patient_id(mine):
            _count(failing, Failed("missing", "patient_id", "the row has no patient_id"), number)
        for wrong in problems(iter(found), {**said, **words}, site):
            _count(failing, columns.for_row(wrong, mine), number)
    return failing, _repeated(source, ids, places[columns.names.index("patient_id")])


def _repeated(source: Source, ids: RepeatedIds, place: int) -> int:
    """How many rows have an id that an earlier one has."""
    count = 0
    for number, cells in source.as_it_is()[1]:
        cell = cells[place] if not isinstance(cells, Failed) and place < len(cells) else ""
        if isinstance(cell, str) and cell.strip():
            count += ids.first_row(cell.strip(), number) is not None
    return count


def _count(failing: dict[tuple[str, str], tuple[int, int, str]], wrong: Failed, number: int) -> None:
    key = (wrong.field, wrong.code)
    count, first, message = failing.get(key, (0, number, for_clerk(wrong.message)))
    failing[key] = (count + 1, first, message)


def told(found: Looked, reading: Reading) -> Iterator[str]:
    """The survey, line by line."""
    unread = f", {found.unreadable:,} of them cannot be read as rows" if found.unreadable else ""
    yield f"{counted(found.rows, 'row')}, {counted(len(found.columns), 'column')}{unread}"
    if found.repeated:
        many = "1 row has" if found.repeated == 1 else f"{found.repeated:,} rows have"
        yield f"{many} a patient_id that an earlier row has"
    yield ""
    by_heading = {heading: column for column, heading in found.read_as.items()}
    for column in found.columns:
        read = by_heading.get(column.heading)
        as_what = f"read as {read}{_without_unit(read, column)}" if read else _not_read(column.heading)
        blank = "".join(f", {count:,} x {word}" for word, count in sorted(column.nothing.items()))
        yield f"{safe(column.heading)}: {as_what}; {column.filled:,} filled{blank}; {column.says()}"
    yield ""
    if found.query:
        yield "a line for each value, not for each patient: the query makes rows of the newest weights and heights"
        yield "ages and sex stand elsewhere: without them, what a protocol prints of ages is not looked at"
    else:
        yield from _failures(found)
    yield ""
    yield "suggested: " + " ".join(_options(found, reading))


def _without_unit(read: str, column: _Column) -> str:
    """What to do where a column that wants a unit has none in its cells."""
    needs = _WITHOUT_UNIT.get(read)
    if needs is None or not column.filled or column.numbers < column.filled:
        return ""
    return f", for which its numbers need a unit: map it to {needs}"


def _not_read(heading: str) -> str:
    needs = _WITHOUT_UNIT.get(plain_name(heading))
    return f"not read, for its unit is not told: map it to {needs}" if needs else "not read"


def _failures(found: Looked) -> Iterator[str]:
    if "patient_id" not in found.read_as:
        yield "no column holds the patient ids: name it with --map patient_id=HEADING"
        return
    if not found.failing:
        yield "every row can be read; what is clinically refused shows when it is planned"
        return
    yield "what would fail, before anything is looked at clinically:"
    for (column, code), (count, first, message) in sorted(found.failing.items(), key=lambda item: -item[1][0]):
        yield f"  {column or 'row'}: {code}, {counted(count, 'row')}, first row {first}: {message}"


def _options(found: Looked, reading: Reading) -> Iterable[str]:
    if found.query:
        yield f"--query {shlex.quote(found.query)}"
        return
    maps = {**reading.renamed, **found.suggested}
    yield from (f"--map {shlex.quote(f'{column}={heading}')}" for column, heading in maps.items())
    if len(found.read_as) < len(found.columns):
        yield "--ignore-unknown"
    nulls = sorted({*reading.nulls, *found.nulls})
    if nulls:
        yield f"--null {shlex.quote(','.join(nulls))}"
    if not maps and not nulls and len(found.read_as) == len(found.columns):
        yield "nothing: the list can be read as it is"
