"""Definitions as readable sheets: what a file says, with the source at each figure and the sources at the foot.

A `Sheet` is the content, the same for every face; `sheet_of` fills it, `to_table` and `to_markdown` show it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ivigcalc.definitions import Loaded, LoadedPolicy
from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.render.catalogue.sheets import Sheet as Words
from ivigcalc.render.markdown_text import inline, linked, table_lines
from ivigcalc.render.sheets.policy import policy_sections
from ivigcalc.render.sheets.product import product_sections
from ivigcalc.render.sheets.regimen import regimen_sections
from ivigcalc.render.sheets.sheet import Fact, Row, Section, Sheet
from ivigcalc.render.sheets.words import source_text

_KINDS = {"regimen": Words.regimen, "product": Words.product, "policy": Words.policy}


def sheet_of(loaded: Loaded[Any] | LoadedPolicy, protocol: str | None = None) -> Sheet:
    """The sheet of a regimen (or of one of its protocols), product or policy."""

    if isinstance(loaded, LoadedPolicy):
        formula = loaded.formula.value if loaded.formula else None
        return _sheet(loaded.policy, tuple(policy_sections(loaded.policy.value, formula)))
    if loaded.value.kind == "product":
        return _sheet(loaded, tuple(product_sections(loaded.value)))
    return _sheet(loaded, tuple(regimen_sections(loaded.value, protocol)))


def _sheet(loaded: Loaded[Any], sections: tuple[Section, ...]) -> Sheet:
    value = loaded.value
    kind, sha = _KINDS[value.kind], loaded.sha256[:12]
    stamp = Words.stamp.format(kind=kind, id=value.id, version=value.version, sha=sha)
    return Sheet(Words.title.format(title=value.title, id=value.id), sections, value.sources, stamp)


def to_json(loaded: Loaded[Any]) -> str:
    """The definition itself, as its file says it: it fits the kind's JSON Schema and reads back as the same."""
    said = loaded.value.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def to_table(sheet: Sheet, *, width: int | None = None, color: bool = False, ascii_only: bool = False) -> str:
    """The sheet for a screen."""
    from rich.console import Group, RenderableType
    from rich.text import Text

    from ivigcalc.render.table import render

    numbers = sheet.numbers()
    parts: list[RenderableType] = [Text(sheet.title, style="bold")]
    for section in sheet.sections:
        if section.title:
            parts.append(Text(f"\n{section.title}", style="bold"))
        parts += _rich_parts(section, numbers)
    parts.append(Text(f"\n{Words.sources}", style="bold"))
    parts += [Text(f"[{number}] {source_text(sheet.sources[key])}", overflow="fold") for key, number in numbers.items()]
    parts += [Text(f"\n{sheet.stamp}", style="dim", overflow="fold"), Text(CHECK_LINE, style="bold")]
    return render(Group(*parts), width=width, color=color, ascii_only=ascii_only)


def _rich_parts(section: Section, numbers: Mapping[str, int]) -> Iterator[Any]:
    from rich.table import Table
    from rich.text import Text

    from ivigcalc.render.table import new_table

    facts: Table | None = None
    for part in section.parts:
        if isinstance(part, Fact):
            if facts is None:
                facts = Table(box=None, show_header=False, pad_edge=False)
                facts.add_column(no_wrap=True)
                facts.add_column(overflow="fold")
                yield facts
            text = Text(
                f"{part.text} {_cited(part.sources, numbers)}".rstrip(), style="bold yellow" if part.mark else ""
            )
            facts.add_row(Text(part.label, style="bold"), text)
            continue
        facts = None
        grid = new_table(*part.headings, Words.source, left=(Words.source, *part.words))
        for row in part.rows:
            grid.add_row(*(Text(cell) for cell in row.cells), Text(_cited(row.sources, numbers)))
        yield grid


def _cited(keys: tuple[str, ...], numbers: Mapping[str, int]) -> str:
    return " ".join(f"[{numbers[key]}]" for key in keys)


def to_markdown(sheet: Sheet, *, heading: str = "#") -> str:
    """The sheet as Markdown, with links to the sources that have an address."""
    return "\n".join(_markdown_lines(sheet, heading)) + "\n"


def _markdown_lines(sheet: Sheet, heading: str) -> Iterator[str]:
    numbers = sheet.numbers()
    yield f"{heading} {inline(sheet.title)}"
    for section in sheet.sections:
        yield ""
        if section.title:
            yield f"{heading}# {inline(section.title)}"
            yield ""
        yield from _markdown_section(section, numbers)
    yield ""
    yield f"{heading}# {Words.sources}"
    yield ""
    for key, number in numbers.items():
        yield f"{number}. {linked(source_text(sheet.sources[key]), sheet.sources[key].url)}"
    yield ""
    yield inline(sheet.stamp)
    yield ""
    yield f"**{CHECK_LINE}**"


def _markdown_section(section: Section, numbers: Mapping[str, int]) -> Iterator[str]:
    for place, part in enumerate(section.parts):
        if isinstance(part, Fact):
            yield _markdown_fact(part, numbers)
            continue
        if place:
            yield ""
        yield from table_lines((*part.headings, Words.source), (_markdown_row(row, numbers) for row in part.rows))
        yield ""


def _markdown_fact(fact: Fact, numbers: Mapping[str, int]) -> str:
    text = f"**{inline(fact.text)}**" if fact.mark else inline(fact.text)
    label = f"**{inline(fact.label.strip())}:** " if fact.label else ""
    cited = f" {inline(_cited(fact.sources, numbers))}" if fact.sources else ""
    return f"- {label}{text}{cited}"


def _markdown_row(row: Row, numbers: Mapping[str, int]) -> tuple[str, ...]:
    return (*map(inline, row.cells), inline(_cited(row.sources, numbers)))
