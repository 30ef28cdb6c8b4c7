"""What changed between two plans, or two states of a definition -> a table, Markdown, JSON or a page to sign."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ivigcalc.changes.plans import Change, Changes
from ivigcalc.customs import customs
from ivigcalc.document.diff import ABSENT, Difference
from ivigcalc.document.write import text_of
from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.render.catalogue.lists import Difference as Words
from ivigcalc.render.figures import sentence
from ivigcalc.render.html_page import html_line, html_page, html_row
from ivigcalc.render.markdown_text import escape, table_lines
from ivigcalc.render.words import clean

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

SCHEMA = "ivigcalc.diff/1"
_HEADINGS = (Words.about, Words.what, Words.sessions, Words.was, Words.now, Words.by)
_NAMED_SESSIONS = 6
#: a longer one is broken after a hyphen, a point or the like
_LONGEST_WORD = 30
_SIGN = (Words.compared_by, Words.date, Words.checked_by, Words.date)


def heading(found: Changes) -> str:
    """How the two plans stand to each other."""
    said = Words.same if found.same else Words.changed
    return said.format(old=clean(found.old.name, 60), new=clean(found.new.name, 60))


def cautions(found: Changes) -> list[str]:
    """What must be seen before the changes."""
    if found.patients is None:
        return []
    was, now = found.patients
    return [Words.two_patients.format(old=clean(was, 80), new=clean(now, 80))]


def remarks(found: Changes) -> list[str]:
    """How many fields are not listed, and where they are."""
    if found.same:
        return []
    many = len(found.fields)
    lines = [(Words.one_field if many == 1 else Words.many_fields).format(count=many)]
    if found.following:
        following = Words.one_following if found.following == 1 else Words.many_following
        lines.append(following.format(count=found.following))
    return lines


def sessions_text(sessions: Sequence[tuple[int, int]], of: int) -> str:
    """`1.1, 1.2 and 4 more`: course and day of each; `all 12` where it is every one `of` those that there are."""
    if 1 < of == len(sessions):
        return Words.all_sessions.format(count=of)
    named = ", ".join(f"{course}.{day}" for course, day in sessions[:_NAMED_SESSIONS])
    more = len(sessions) - _NAMED_SESSIONS
    return Words.and_more.format(sessions=named, count=more) if more > 0 else named


def cells(found: Changes, change: Change) -> tuple[str, ...]:
    """One change, in the order of the headings."""
    return (
        change.topic,
        clean(change.what, 80),
        sessions_text(change.sessions, len(found.new.document["sessions"])),
        sentence(clean(change.was, 200)),
        sentence(clean(change.now, 200)),
        re.sub(r"[0-9]+(?:\.[0-9]+)?", lambda found: customs().figure(found[0]), change.by),
    )


def to_json(found: Changes) -> str:
    """One document: the changes in words, and every field that differs with its values."""
    return text_of(
        {
            "schema": SCHEMA,
            "same": found.same,
            "old": found.old.name,
            "new": found.new.name,
            "two_patients": found.patients is not None,
            "changes": [change_data(change) for change in found.changes],
            "fields": [_field_data(difference) for difference in found.fields],
            "check": CHECK_LINE,
        }
    )


def change_data(change: Change) -> dict[str, Any]:
    """One change as plain data."""
    return {
        "topic": change.topic,
        "what": change.what,
        "sessions": [list(session) for session in change.sessions],
        "was": change.was,
        "now": change.now,
        "by": change.by or None,
    }


def _field_data(difference: Difference) -> dict[str, Any]:
    return {
        "field": difference.field,
        "old": None if difference.old is ABSENT else difference.old,
        "new": None if difference.new is ABSENT else difference.new,
        "in_old": difference.old is not ABSENT,
        "in_new": difference.new is not ABSENT,
    }


def to_table(found: Changes, *, width: int | None = None, color: bool = False, ascii_only: bool = False) -> str:
    """The changes as a table for a screen."""
    from rich.console import Group
    from rich.text import Text

    from ivigcalc.render.table import PIPE_WIDTH, render

    parts: list[RenderableType] = [Text(heading(found), style="bold", overflow="fold")]
    parts += [Text(line, style="bold yellow", overflow="fold") for line in cautions(found)]
    parts += _tables([cells(found, change) for change in found.changes], width or PIPE_WIDTH)
    parts += [Text(line, overflow="fold") for line in remarks(found)]
    return render(Group(*parts, Text(CHECK_LINE, style="bold")), width=width, color=color, ascii_only=ascii_only)


def _tables(rows: list[tuple[str, ...]], room: int) -> Iterator[RenderableType]:
    """One table where no cell of it has to be folded; else one for each topic, which has no columns that only others
    need. Ids, codes and addresses are broken at a hyphen or the like, where they have to be."""
    from rich.text import Text

    from ivigcalc.render.table import fits, in_short_words

    if not rows:
        return
    if fits(whole := _table(rows), room):
        yield whole
        return
    for topic, of_it in groupby(rows, key=itemgetter(0)):
        yield Text(f"\n{topic}", style="bold")
        yield _table([("", *(in_short_words(cell, _LONGEST_WORD) for cell in row[1:])) for row in of_it])
    yield Text("")


def _table(rows: list[tuple[str, ...]]) -> Table:
    """The changes, each topic named once, without the columns in which nothing stands."""
    from rich.text import Text

    from ivigcalc.render.table import new_table

    shown = [place for place, _ in enumerate(_HEADINGS) if any(row[place] for row in rows)]
    headings = tuple(_HEADINGS[place] for place in shown)
    table = new_table(*headings, left=headings)
    for place, column in zip(shown, table.columns, strict=True):
        column.no_wrap = _HEADINGS[place] == Words.by
    topic = ""
    for row in rows:
        first = "" if row[0] == topic else row[0]
        table.add_row(*(Text(first if not place else row[place]) for place in shown))
        topic = row[0]
    return table


def to_markdown(found: Changes) -> str:
    """The changes as a table of Markdown, with a line to sign on."""
    lines = [f"# {escape(heading(found))}", "", *(f"**{escape(line)}**" for line in cautions(found))]
    if found.changes:
        lines += ["", *table_lines(_HEADINGS, (tuple(map(escape, cells(found, change))) for change in found.changes))]
    lines += ["", *(f"- {escape(line)}" for line in remarks(found)), ""]
    lines += ["  ".join(f"{word}: ________________" for word in _SIGN).replace("_", "\\_"), "", f"**{CHECK_LINE}**"]
    return "\n".join(lines) + "\n"


_STYLE = """body{font:11pt/1.4 sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}
th,td{border:1px solid #777;padding:.25em .6em;text-align:left;vertical-align:top}
.sign{display:flex;gap:2em;margin-top:3em}.sign span{flex:1;border-top:1px solid #000;padding-top:.2em}
@media print{body{margin:0}}"""


def to_html(found: Changes) -> str:
    """A page that stands alone, with a line to sign on: no script, nothing fetched."""
    lines = [html_line(line, strong=True) for line in cautions(found)]
    if found.changes:
        lines += ["<table>", html_row("th", _HEADINGS)]
        lines += [html_row("td", cells(found, change)) for change in found.changes]
        lines.append("</table>")
    lines += map(html_line, remarks(found))
    lines.append(f'<div class="sign">{"".join(f"<span>{word}</span>" for word in _SIGN)}</div>')
    return html_page(heading(found), _STYLE, lines)
