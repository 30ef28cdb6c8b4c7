"""What changed in a definition, and whose plans move with it -> a table, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ivigcalc.changes.definitions import KeyChange, State
from ivigcalc.changes.moved import Moved, Plans
from ivigcalc.document.write import text_of
from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.render.catalogue.lists import DefinitionDifference as Words
from ivigcalc.render.difference import change_data
from ivigcalc.render.markdown_text import escape, table_lines
from ivigcalc.render.words import clean

SCHEMA = "ivigcalc.definition-diff/1"
_KEYS, _PLANS = (Words.key, Words.was, Words.now), (Words.plan, Words.patient, Words.what, Words.was, Words.now)
#: changes that are named of each plan
_NAMED = 4
#: a longer word, or place of a key, is broken after a point or a hyphen
_LONGEST_WORD, _LONGEST_KEY = 23, 40


class Compared(Struct, frozen=True):
    """Two states of one definition, their keys that differ, and the saved plans that were looked at, if any."""

    old: State
    new: State
    keys: tuple[KeyChange, ...]
    plans: Plans | None

    @property
    def same(self) -> bool:
        """Whether both say the same, and no plan moves."""
        return not self.keys and not (self.plans and self.plans.moved)


def _heading(found: Compared) -> str:
    old, new, count = found.old, found.new, len(found.keys)
    said = Words.many_keys if count > 1 else Words.one_key if count else Words.same
    return said.format(
        id=clean(old.id, 60),
        old=clean(old.name, 80),
        old_version=old.version,
        new=clean(new.name, 80),
        new_version=new.version,
        count=count,
    )


def _said(found: Compared) -> Iterator[str]:
    if found.keys and found.old.version == found.new.version:
        yield Words.same_version.format(version=found.new.version)
    if found.plans is None:
        return
    read, concerned, moved = found.plans.read, found.plans.concerned, len(found.plans.moved)
    said = Words.one_read if read == 1 else Words.many_read
    yield said.format(count=read, concerned=concerned, moved=moved)
    if concerned:
        yield Words.by_the_file


def _rows(moved: Moved) -> Iterator[tuple[str, str, str, str, str]]:
    named = clean(moved.name, 80), clean(moved.who, 60)
    if moved.refused is not None:
        yield (*named, clean(moved.refused, 200), "", "")
    for place, change in enumerate(moved.changes[:_NAMED]):
        own = named if not place else ("", "")
        what = f"{change.topic}: {clean(change.what, 60)}"
        yield (*own, what, clean(change.was, 80), clean(change.now, 80))
    if (more := len(moved.changes) - _NAMED) > 0:
        yield "", "", (Words.one_more if more == 1 else Words.many_more).format(count=more), "", ""


def to_json(found: Compared) -> str:
    """One document: keys with what they said and say, and each plan that moves with all that changes in it."""
    plans = found.plans
    return text_of(
        {
            "schema": SCHEMA,
            "same": found.same,
            "id": found.old.id,
            **{
                word: {"name": state.name, "version": state.version, "sha256": state.sha256}
                for word, state in (("old", found.old), ("new", found.new))
            },
            "keys": [{"key": each.key, "was": each.was, "now": each.now} for each in found.keys],
            "plans_read": plans.read if plans else None,
            "plans_of_this": plans.concerned if plans else None,
            "plans_moved": [
                {
                    "plan": moved.name,
                    "patient": moved.who or None,
                    "refused": moved.refused,
                    "changes": [change_data(change) for change in moved.changes],
                }
                for moved in plans.moved
            ]
            if plans
            else None,
            "check": CHECK_LINE,
        }
    )


def to_table(found: Compared, *, width: int | None = None, color: bool = False, ascii_only: bool = False) -> str:
    """The same as tables for a screen."""
    from rich.console import Group, RenderableType
    from rich.text import Text

    from ivigcalc.render.table import in_short_words, new_table, render

    parts: list[RenderableType] = [Text(_heading(found), style="bold", overflow="fold")]
    if found.keys:
        keys = new_table(*_KEYS, left=_KEYS)
        keys.columns[0].no_wrap = True
        for each in found.keys:
            said = (in_short_words(clean(text, 200), _LONGEST_WORD) for text in (each.was, each.now))
            keys.add_row(Text(in_short_words(clean(each.key, 200), _LONGEST_KEY)), *map(Text, said))
        parts.append(keys)
    if found.plans and found.plans.moved:
        plans = new_table(*_PLANS, left=_PLANS)
        for row in (row for moved in found.plans.moved for row in _rows(moved)):
            plans.add_row(*(Text(in_short_words(text, _LONGEST_WORD)) for text in row))
        parts += [Text(f"\n{Words.plans_that_move}", style="bold"), plans]
    parts += [Text(line, overflow="fold") for line in _said(found)]
    return render(Group(*parts, Text(CHECK_LINE, style="bold")), width=width, color=color, ascii_only=ascii_only)


def to_markdown(found: Compared) -> str:
    """The same as tables of Markdown."""
    lines = [f"# {escape(_heading(found))}"]
    if found.keys:
        rows = ((escape(each.key), escape(each.was), escape(each.now)) for each in found.keys)
        lines += ["", *table_lines(_KEYS, rows)]
    if found.plans and found.plans.moved:
        told = (tuple(map(escape, row)) for moved in found.plans.moved for row in _rows(moved))
        lines += ["", f"## {Words.plans_that_move}", "", *table_lines(_PLANS, told)]
    lines += ["", *(f"- {escape(line)}" for line in _said(found)), "", f"**{CHECK_LINE}**"]
    return "\n".join(lines) + "\n"
