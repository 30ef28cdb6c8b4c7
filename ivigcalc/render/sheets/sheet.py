"""What a readable sheet of a definition is made of: sections of facts and small tables, each with its sources."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ivigcalc.definitions import Cited, Definition, Source


class Fact(Struct, frozen=True):
    """One line of a sheet. `sources` are keys of the file; `mark` = low confidence, assumed, or missing."""

    label: str
    text: str
    sources: tuple[str, ...] = ()
    mark: bool = False


class Row(Struct, frozen=True):
    """One row of a grid, with the sources of its figures."""

    cells: tuple[str, ...]
    sources: tuple[str, ...] = ()


class Grid(Struct, frozen=True):
    """A small table; `words` names the columns that are not figures."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    words: tuple[str, ...] = ()


class Section(Struct, frozen=True):
    """A headed part of a sheet."""

    title: str
    parts: tuple[Fact | Grid, ...]


class Sheet(Struct, frozen=True):
    """A whole definition, ready to be shown."""

    title: str
    sections: tuple[Section, ...]
    sources: Mapping[str, Source]
    stamp: str

    def numbers(self) -> dict[str, int]:
        """Source key -> its number at the foot, in order of first use."""
        found: dict[str, int] = {}
        for section in self.sections:
            for part in section.parts:
                for item in part.rows if isinstance(part, Grid) else (part,):
                    for key in item.sources:
                        found.setdefault(key, len(found) + 1)
        return found


class Citing:
    """Finds the source of a part: its own, else that of the blocks around it, else the file's."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def of(self, *parts: Cited | None) -> tuple[str, ...]:
        """The source key of the first part that names one; innermost first."""
        key = next((part.source for part in parts if part is not None and part.source), self._definition.source)
        return (key,) if key else ()
