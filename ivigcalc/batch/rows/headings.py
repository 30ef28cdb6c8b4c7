"""From the headings of a list to the columns of a batch: which heading is which, what is passed over, what is blank."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from ivigcalc.batch.rows.columns import COLUMNS, Cell, unknown_column
from ivigcalc.errors import RequestError
from ivigcalc.files import UnreadableError, read_regular
from ivigcalc.text import LONG, near, safe

_MAX_MAP = 100_000


class Reading(Struct, frozen=True):
    """How a list is read: column -> heading of those that are called otherwise, and what counts as blank."""

    renamed: Mapping[str, str] = field(default_factory=dict)
    ignore_unknown: bool = False
    nulls: frozenset[str] = frozenset()
    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str | None = None
    query: str | None = None

    def about(self) -> dict[str, Any]:
        """What of it settles the results."""
        return {
            "map": dict(sorted(self.renamed.items())),
            "ignore_unknown": self.ignore_unknown,
            "null": sorted(self.nulls),
            "delimiter": self.delimiter,
            "encoding": self.encoding,
            "sheet": self.sheet,
            "query": self.query,
        }

    def blanked(self, cells: Sequence[Cell]) -> Sequence[Cell]:
        """The cells, blank where they hold a word for nothing."""
        if not self.nulls:
            return cells
        return ["" if isinstance(cell, str) and cell.strip() in self.nulls else cell for cell in cells]


class Picked(Struct, frozen=True):
    """Which places of a row are columns. `places` is None where they are all, in order."""

    columns: tuple[str, ...]
    places: tuple[int, ...] | None
    width: int


def picked(headings: Sequence[str], reading: Reading) -> Picked:
    """Find the columns among the headings; raises `RequestError` for one that is unknown, twice, or not there."""
    places: dict[str, int] = {}
    used = {}
    for column, heading in reading.renamed.items():
        used[place_of(heading, headings)] = column
    for place, heading in enumerate(headings):
        column = used.get(place) or plain_name(heading)
        if place not in used and column in reading.renamed:
            raise RequestError(
                f"the input has a column '{safe(heading)}', and --map says that {column} is called otherwise: "
                "rename one of them",
                field="columns",
                code="said-twice",
            )
        if column not in COLUMNS:
            if reading.ignore_unknown:
                continue
            raise RequestError(unknown_column(heading), field="columns", code="unknown-column")
        if column in places:
            raise RequestError(
                f"the column '{column}' is there twice: leave out one of them", field="columns", code="unknown-column"
            )
        places[column] = place
    whole = tuple(places.values()) == tuple(range(len(headings)))
    return Picked(tuple(places), None if whole else tuple(places.values()), len(headings))


def as_they_are(columns: Sequence[str]) -> Picked:
    """All of these columns, in order."""
    return Picked(tuple(columns), None, len(columns))


def plain_name(heading: str) -> str:
    """A heading as the columns are spelt: `Weight KG` is `weight_kg`."""
    return "_".join(heading.strip().lower().replace("-", " ").replace("_", " ").split())


def place_of(heading: str, headings: Sequence[str]) -> int:
    """Where a heading stands: spelt as it is, else in any case."""
    for same in (str, plain_name):
        found = [place for place, name in enumerate(headings) if same(name) == same(heading)]
        if len(found) == 1:
            return found[0]
        if found:
            raise RequestError(f"--map: '{safe(heading)}' is there twice: rename one of the two columns", field="map")
    raise RequestError(
        f"--map: the input has no column '{safe(heading)}'; {near(heading, headings)}write COLUMN=HEADING as it "
        "stands there",
        field="map",
    )


def read_map(said: Iterable[str]) -> dict[str, str]:
    """`COLUMN=HEADING`, or a file of it: JSON, or CSV of two columns."""
    found: dict[str, str] = {}
    for text in said:
        column, equals, heading = text.partition("=")
        pairs = [(column, heading)] if equals else _pairs_in(Path(text))
        for name, called in pairs:
            column = name.strip()
            if column not in COLUMNS:
                raise RequestError(f"--map: {unknown_column(column)}", field="map")
            if not called.strip():
                raise RequestError(f"--map: {column} has no heading: write {column}=HEADING", field="map")
            if found.setdefault(column, called) != called:
                raise RequestError(f"--map: {column} is given twice: leave out one of them", field="map")
    twice = {heading for heading in found.values() if list(found.values()).count(heading) > 1}
    if twice:
        raise RequestError(f"--map: '{safe(min(twice))}' is given to two columns: leave out one of them", field="map")
    return found


def _pairs_in(path: Path) -> list[tuple[str, str]]:
    try:
        text = read_regular(path, _MAX_MAP).decode("utf-8-sig")
    except (UnreadableError, UnicodeError, OSError) as error:
        name = safe(str(path), LONG)
        raise RequestError(f"--map: '{name}' is neither COLUMN=HEADING nor a file: it {error}", field="map") from None
    wrong = RequestError(
        f'--map: {safe(path.name, LONG)} is neither a JSON object {{"column": "heading"}} nor lines of '
        "COLUMN,HEADING; write one of the two",
        field="map",
    )
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            raise wrong from None
        if not all(isinstance(heading, str) for heading in found.values()):
            raise wrong
        return list(found.items())
    lines = [line for line in csv.reader(text.splitlines()) if line]
    if any(len(line) != 2 for line in lines):
        raise wrong
    return [(line[0], line[1]) for line in lines if line != ["column", "heading"]]


def read_nulls(said: str | None) -> frozenset[str]:
    """`NA,NULL,.` -> its words."""
    return frozenset(word.strip() for word in said.split(",") if word.strip()) if said is not None else frozenset()


def read_delimiter(said: str | None) -> str:
    """One character; `tab` and `\\\\t` are a tab."""
    said = "," if said is None else said
    delimiter = {"tab": "\t", "\\t": "\t"}.get(said, said)
    if len(delimiter) != 1 or delimiter in "\"\r\n\0 '" or delimiter.isalnum():
        raise RequestError("--delimiter: give one character, such as ; or | or tab", field="delimiter")
    return delimiter


def delimiter_of(name: str) -> str | None:
    """The delimiter that a file's name tells."""
    plain = name.lower().removesuffix(".gz").removesuffix(".zst")
    return "tab" if plain.endswith((".tsv", ".tab")) else None


def read_encoding(said: str) -> str:
    """The name of an encoding of text."""
    try:
        found = codecs.lookup(said)
    except (LookupError, ValueError):
        found = None
    if found is None or not getattr(found, "_is_text_encoding", True):
        raise RequestError(
            f"--encoding: '{safe(said)}' is no encoding that is known; allowed: utf-8, cp1252, utf-16 and the like",
            field="encoding",
        )
    return "utf-8" if found.name == "utf-8-sig" else found.name
