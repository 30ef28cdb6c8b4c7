"""Plan -> tables for people. Complete at any width and in a pipe: a cell may fold, a figure is never cut."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ivigcalc.customs import HELD, NO_BREAK
from ivigcalc.engine.plan import CHECK_LINE, Infusion, InfusionStep, Plan, Session
from ivigcalc.render.catalogue.plans import Plans
from ivigcalc.render.figures import sentence, shown
from ivigcalc.render.notices import cited_notices, folded_text, on_screen
from ivigcalc.render.times import clock_of, elapsed_text, if_asked, on_its_screen, weekday_short
from ivigcalc.render.words import (
    facts,
    in_working,
    infusions,
    inputs_text,
    rate_text,
    rates_heading,
    source_numbers,
    title,
    vials_short,
)

#: of a table that is not shown on a terminal; where its figures need more, its lines run over
PIPE_WIDTH = 80
#: a longer word, such as an address of the web, may be broken
_LONGEST_WORD = 23
#: after which letters a long name of a file or a person is broken
_PIECES = r"[^-_/.]*[-_/.]+|[^-_/.]+"
#: blanks and lines between two columns are never more
_BETWEEN = 3
_STYLES = {"info": "dim", "caution": "bold yellow", "stop": "bold red"}


@if_asked
@on_its_screen
def to_table(
    plan: Plan,
    *,
    width: int | None = None,
    color: bool = False,
    ascii_only: bool = False,
    explain: bool = False,
    notes: bool = True,
) -> str:
    """The whole plan as text; `width` None = as wide as it needs; not all `notes` = as many as a screen holds."""
    parts: list[RenderableType] = [Text(title(plan), style="bold"), _facts_table(plan)]
    parts += [_heading(Plans.sessions), _sessions_table(plan)]
    for infusion, sessions in infusions(plan):
        parts += [_heading(rates_heading(plan, infusion, sessions))]
        parts += [_steps_table(infusion, sessions[0])] if infusion.ahead else []
    parts += [Text(""), *notice_lines(plan, notes)]
    if explain:
        parts += _working(plan)
    parts += _foot(plan)
    return render(Group(*parts), width=width, color=color, ascii_only=ascii_only)


# ---- how anything is set on a screen --------------------------------------------------------------------------------


def render(content: RenderableType, *, width: int | None = None, color: bool = False, ascii_only: bool = False) -> str:
    """Any rich content as text, without trailing blanks."""
    stream = _AsciiIO() if ascii_only else io.StringIO()
    console = Console(
        file=stream,
        width=width or PIPE_WIDTH,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    room = console.width
    for part in content.renderables if isinstance(content, Group) else [content]:
        console.width = room
        _print_whole(part, console)
    printed = stream.getvalue().replace(HELD, " " if ascii_only else NO_BREAK)
    return "\n".join(line.rstrip() for line in printed.splitlines()) + "\n"


def _print_whole(content: RenderableType, console: Console) -> None:
    # never cut a figure: where a table needs more than there is, let its lines run over
    console.width = max(console.width, _fitted(content, console))  # control: no-figure-cut
    console.print(content)


def _fitted(table: RenderableType, console: Console) -> int:
    """The width at which a table cuts no figure and breaks no word, but for one as long as an address of the web: that
    of the console, or more where it has to be. Its columns of words share what the others leave. A text folds anywhere.
    """
    if not isinstance(table, Table) or fits(table, console.width):
        return 1
    unbounded = console.options.update(width=10_000)
    folds = dict[int, tuple[int, int]]()  # the least and the most that each can use
    for place, column in enumerate(table.columns):
        if column.width is not None:
            continue
        texts = [column.header, *column.cells]
        if not any(" " in str(text) or len(str(text)) > _LONGEST_WORD for text in column.cells):
            column.no_wrap = True  # an id, which rich would break for the sake of columns that could fold
        most = max(Measurement.get(console, unbounded, text).maximum for text in texts)
        if column.no_wrap:  # rich itself would count the longest word only, and crop the rest: `02:48 +1 d` is three
            column.min_width = most
        else:
            longest = max((len(word) for text in texts for word in str(text).split()), default=0)
            folds[place] = min(longest, _LONGEST_WORD), most
    fixed = Measurement.get(console, unbounded, table).maximum - sum(most for _, most in folds.values())
    width = max(console.width, fixed + sum(least for least, _ in folds.values()))
    for place, share in zip(folds, _shares(list(folds.values()), width - fixed), strict=True):
        table.columns[place].width = share
    return width


def _shares(folds: Sequence[tuple[int, int]], room: int) -> list[int]:
    """What each of these has of the room, the least and the most of each given: the widest give way first."""
    shares = [most for _, most in folds]
    over = sum(shares) - room
    while over > 0 and (wider := [place for place, (least, _) in enumerate(folds) if shares[place] > least]):
        shares[max(wider, key=lambda place: (shares[place], place))] -= 1
        over -= 1
    return shares


def in_short_words(text: str, most: int) -> str:
    """Text whose words of more than `most` letters have a new line after a hyphen, a point or the like inside them."""
    return " ".join("\n".join(_parts(word, most)) for word in text.split(" "))


def _parts(word: str, most: int) -> Iterator[str]:
    part = ""
    for piece in re.findall(_PIECES, word):
        if part and len(part) + len(piece) > most:
            yield part
            part = ""
        part += piece
    yield part


def fits(table: Table, width: int) -> bool:
    """Whether every cell has room as it is; what rich puts between columns is counted with plenty."""
    lines = ([line for text in (c.header, *c.cells) for line in str(text).split("\n")] for c in table.columns)
    return sum(max(map(cell_len, column)) + _BETWEEN for column in lines) < width


class _AsciiIO(io.StringIO):
    """Tells rich that only ASCII can be shown, so that it draws tables with + - |."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "ascii"


def new_table(*headings: str, left: tuple[str, ...] = ()) -> Table:
    """A table whose figures are right-aligned; `left` names the columns of words."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        words = heading in left
        justify: Literal["left", "right"] = "left" if words else "right"
        table.add_column(Text(heading), justify=justify, overflow="fold", no_wrap=not words, vertical="top")
    return table


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


# ---- the parts of a plan --------------------------------------------------------------------------------------------


def _facts_table(plan: Plan) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts(plan):
        table.add_row(Text(name), Text(value))
    return table


def _sessions_table(plan: Plan) -> Table:
    """A row for each session (`2.1`: course 2, day 1), a gap between courses, and the totals; no empty column."""
    dated = any(session.on for session in plan.sessions)
    timed = any(session.at_min is not None for session in plan.sessions)
    when = [*([Plans.date] if dated else []), *([Plans.start, Plans.end] if timed else [])]
    given = [Plans.given] if any(session.done for session in plan.sessions) else []
    amounts = (Plans.dose_g, Plans.volume_ml, Plans.time, Plans.vials, Plans.left_g)
    table = new_table(Plans.session, *when, *amounts, *given, left=(Plans.vials,))
    for session, following in zip_longest(plan.sessions, plan.sessions[1:]):
        table.add_row(*_session_cells(session, dated, timed), *([Plans.done if session.done else ""] if given else []))
        if following is None or following.course != session.course:
            table.add_section()
    totals = plan.totals
    sums = shown(totals.dose_g), shown(totals.volume_ml), "", vials_short(totals.vials), shown(totals.leftover_g)
    table.add_row(Plans.total, *("" for _ in when), *sums, style="bold")
    return table


def _session_cells(session: Session, dated: bool, timed: bool) -> list[str | Text]:
    cells: list[str | Text] = [f"{session.course}.{session.day}"]
    if dated:
        cells.append(Text(f"{weekday_short(session.on)} {session.date}"))
    if timed:
        cells += [Text(clock_of(session, 0)), Text(clock_of(session, session.duration_min))]
    cells += [Text(shown(session.dose_g), style="bold"), shown(session.volume_ml)]
    cells.append("-" if session.duration_min is None else elapsed_text(session.duration_min))
    return [*cells, vials_short(session.vials), shown(session.leftover_g)]


def _steps_table(infusion: Infusion, first: Session) -> Table:
    """The rates of one titration, with the clock times of the first session that gives it."""
    clock = [Plans.clock] if first.at_min is not None else []
    rates = (Plans.rate_by_weight, Plans.rate_as_mass, Plans.set_pump)
    table = new_table(Plans.step, *clock, Plans.from_start, *rates, Plans.lasts, Plans.step_ml, Plans.running_ml)
    for step in infusion.ahead:
        table.add_row(*_step_cells(step, first))
    return table


def _step_cells(step: InfusionStep, first: Session) -> list[str | Text]:
    cells: list[str | Text] = [f"{step.step}{'*' if step.assumed else ''}"]
    if first.at_min is not None:
        cells.append(clock_of(first, step.from_start_min))
    cells += [elapsed_text(step.from_start_min), shown(step.rate_ml_per_kg_per_h), shown(step.rate_mg_per_kg_per_min)]
    cells.append(Text(rate_text(step), style="bold"))
    return [*cells, *map(shown, (step.duration_min, step.volume_ml, step.cumulative_ml))]


def notice_lines(plan: Plan, notes: bool) -> list[RenderableType]:
    """The notices, each on its own line; not all `notes` = as many as a screen holds."""
    said, folded = (cited_notices(plan), 0) if notes else on_screen(cited_notices(plan))
    lines: list[RenderableType] = [Text(text, style=_STYLES[found.level], overflow="fold") for found, text in said]
    return [*lines, Text(folded_text(folded), style=_STYLES["info"])] if folded else lines


def _working(plan: Plan) -> list[RenderableType]:
    """Two lines a number: how it is made, and what it comes to."""
    numbers = source_numbers(plan)
    lines: list[RenderableType] = [_heading(Plans.working)]
    for entry in plan.trace:
        inputs = inputs_text(entry)
        cited = f"  [{numbers[entry.source]}]" if entry.source in numbers else ""
        lines.append(
            Text(f"{entry.name} = {sentence(entry.expression)}" + (Plans.where.format(inputs=inputs) if inputs else ""))
        )
        lines.append(Text(f"    = {in_working(entry.result)} {entry.unit}{cited}", style="bold"))
    return lines


def _foot(plan: Plan) -> list[RenderableType]:
    source = plan.computed_from
    later = [change.to_product for change in plan.history]
    read = [found for found in (source.regimen, source.product, *later, source.policy.policy) if found]
    definitions = "; ".join(f"{found.value.id} {found.value.version} {found.sha256[:8]}" for found in read)
    stamp = Plans.stamp.format(version=plan.ivigcalc_version, definitions=definitions)
    return [
        _heading(Plans.sources),
        *(Text(f"[{number}] {citation}", overflow="fold") for citation, number in source_numbers(plan).items()),
        Text(stamp, style="dim", overflow="fold"),
        Text(CHECK_LINE, style="bold"),
    ]
