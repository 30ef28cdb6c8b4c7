"""One partition of a batch: rows in, bytes of every table out. The same function on every worker, near or far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.api import Desk
from ivigcalc.batch.rows.columns import IDENTITY, Cell, Columns
from ivigcalc.batch.rows.outcome import Failed, attempt, attempt_all
from ivigcalc.batch.rows.problems import problems
from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.tables.answer import Asked, Planned, planned
from ivigcalc.batch.tables.encode import (
    PLANS,
    ROWS,
    Kind,
    RowErrors,
    Table,
    error_bytes,
    row_line,
    table_bytes,
    tables_of,
)
from ivigcalc.batch.tables.first_day import Movable, asks_for_a_day
from ivigcalc.batch.tables.patient_files import ALL_PAGES, Pages, patient_files
from ivigcalc.definitions import NO_SITE_LOADED, Loaded, Site
from ivigcalc.engine.ceilings import LIFTS
from ivigcalc.engine.known import Known
from ivigcalc.engine.make import Worked
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.request.fields import FIELDS
from ivigcalc.request.form import Form
from ivigcalc.request.read import check_identity

#: rows of one partition, the same for any number of workers; fewer where each has files, which take a second to set,
#: so that a kill costs little, the progress is seen, and few files wait in memory
PARTITION_ROWS, PARTITION_ROWS_WITH_FILES = 250, 10


class Settings(Struct, frozen=True):
    """What all rows of a batch have in common. Everything in it can be sent to another process.

    `files` are the definition files of one's own that the batch names, `definitions` is the fingerprint of them all.
    `escape`: whether text that a spreadsheet would take for a formula gets a quote.
    """

    columns: tuple[str, ...]
    defaults: Form
    site: Loaded[Site] = NO_SITE_LOADED
    on: date | None = None
    kind: Kind = "csv"
    each: tuple[str, ...] = ()
    pages: Pages = ALL_PAGES
    files: tuple[str, ...] = ()
    definitions: str = ""
    escape: bool = True
    #: the columns of the results; none: all of them
    picked: tuple[str, ...] = ()
    #: whether the saved plans are written, one on each line
    plans: bool = False

    @property
    def keeps_plans(self) -> bool:
        """Whether each row has a plan of its own, to be written in full; nobody then shares an answer."""
        return self.plans or bool(self.each)


class Became(Struct, frozen=True):
    """What became of the rows of one partition: how many are planned and why others are not, what the summary tells of
    those that are, and how many bytes it added to each table."""

    planned: int
    errors: Counter[str]
    first_errors: tuple[NumberedError, ...]
    counts: Counter[str]
    sizes: dict[str, int]

    def after(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """How long the tables are with it, where they were so long before."""
        return {table: size + self.sizes[table] for table, size in sizes.items()}


class Done(Struct, frozen=True):
    """One partition with all that is to be written of it: its lines in each table, and the files for each patient."""

    became: Became
    tables: dict[str, bytes]
    each: list[tuple[str, bytes]]


#: row number, patient id, and what became of the row
Outcome = tuple[int, str, Planned | Failed]
NumberedError = tuple[int, str, Failed]
SHOWN_ERRORS = 5
#: what is wrong with a row as such: there is nothing to say of its cells
WHOLE_ROW = ("bug", "wrong-cells", "unreadable-row")
#: answers that a planner remembers
_REMEMBERED = 2048


def do_partition(planner: Planner, rows: Sequence[Row]) -> Done:
    """Plan the rows and write their tables. Every row counts, as planned or as an error."""
    plans: list[Planned] = []
    failures: list[RowErrors] = []
    lines: list[bytes] = []
    for row, (number, patient_id, outcome) in zip(rows, planner.outcomes(rows), strict=True):
        if isinstance(outcome, Planned):
            plans.append(outcome)
        else:
            failures.append((number, patient_id, outcome, own_cells(row)))
        lines.append(row_line(number, outcome))
    settings = planner.settings
    tables: dict[str, bytes] = {table: bytes_of(settings, table, plans) for table in tables_of(settings.picked)}
    if settings.plans:
        tables[PLANS] = planner.take_plans()
    tables["errors"] = error_bytes(failures, settings.columns, escape=settings.escape)  # control: every-row-counted
    tables[ROWS] = b"".join(lines)
    became = Became(
        len(plans),
        Counter(error.code for _, _, error, _ in failures),
        tuple(failure[:3] for failure in failures[:SHOWN_ERRORS]),
        counted(plans),
        {table: len(data) for table, data in tables.items()},
    )
    return Done(became, tables, planner.take_files())


def bytes_of(settings: Settings, table: Table, plans: Sequence[Planned]) -> bytes:
    """The lines of some plans in a table, as the batch writes them."""
    return table_bytes(table, settings.kind, plans, escape=settings.escape, picked=settings.picked)


def counted(plans: Iterable[Planned]) -> Counter[str]:
    """How many of these plans are of each kind that the summary tells of."""
    found: Counter[str] = Counter()
    for kinds, times in Counter([plan.answer.kinds for plan in plans]).items():
        for kind in kinds:
            found[kind] += times
    return found


def own_cells(row: Row) -> Sequence[Cell]:
    """The cells of a row as they were read, none where they could not be."""
    return row.own if isinstance(row.cells, Failed) else row.cells


def code_of(override: str) -> str:
    """The code of `CODE=reason`."""
    return override.partition("=")[0].strip()


def question_of(columns: Sequence[str]) -> Callable[[Sequence[Cell]], tuple[Cell, ...]]:
    """Picks what a row asks: all of its cells but those that say whose it is and from when."""
    places = [place for place, name in enumerate(columns) if name not in IDENTITY]
    return lambda cells: tuple([cells[place] for place in places])


class Planner:
    """Plans rows one by one, and remembers the answers for patients who ask the same."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._columns = Columns(settings.columns, settings.defaults)
        self._desk = Desk(settings.site, settings.on)
        self._movable: Known[Movable, Movable] = Known(_REMEMBERED)
        self._known: dict[tuple[Cell, ...], Asked] = {}
        self._files: list[tuple[str, bytes]] = []
        self._plans: list[bytes] = []
        self._question = question_of(settings.columns)
        # an override for the whole list is tried row by row
        self._stages = (self._worked,) if settings.defaults.override else self._desk.stages("schedule")

    def outcomes(self, rows: Sequence[Row]) -> Iterator[Outcome]:
        """Row number, patient id and outcome of every row, in order."""
        for row, outcome in zip(rows, self._planned(rows), strict=True):
            if isinstance(row.cells, Failed):
                yield row.number, row.patient_id, row.cells
                continue
            told = self._all_of(outcome, row.cells) if isinstance(outcome, Failed) else outcome
            yield row.number, self._columns.patient_id(row.cells), told

    def _planned(self, rows: Sequence[Row]) -> list[Planned | Failed]:
        """What becomes of each row: an answer that is known, or one that is worked out, stage by stage."""
        cells = attempt_all((self._columns.fitted,), [row.cells for row in rows])
        found = attempt_all((self._known_of,), cells)
        first: dict[object, int] = {}  # of those who ask the same
        for place, outcome in enumerate(found):
            if outcome is None:
                first.setdefault(place if self.settings.keeps_plans else self._question(cells[place]), place)
        worked = attempt_all((self._columns.form, *self._stages), [cells[place] for place in first.values()])
        for place, one in zip(first.values(), worked, strict=True):
            found[place] = (
                one if isinstance(one, Failed) else attempt(self._shown, rows[place].number, cells[place], one)
            )
        return [self._planned([row])[0] if each is None else each for row, each in zip(rows, found, strict=True)]

    def _known_of(self, cells: Sequence[Cell]) -> Planned | None:
        """The answer to a row whose question was asked before."""
        known = self._known.get(self._question(cells))
        if known is None:
            return None
        identity = self._columns.identity(cells)
        start = check_identity(identity)
        return Planned(known.answer, known.told, identity.patient_id or "", start) if known.holds(start) else None

    def _shown(self, number: int, cells: Sequence[Cell], worked: Worked) -> Planned:
        """What the tables say of a row, which is remembered for those who ask the same."""
        found = planned(worked, self._movable, rounded=self._columns.rounds(cells))
        if self.settings.keeps_plans:
            self._keep(worked.plan(), number)
            return found
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        asks_for_its_day = asks_for_a_day(worked.draft.case.request)
        self._known[self._question(cells)] = Asked(found.answer, found.told, found.start, asks_for_its_day)
        return found

    def _all_of(self, failed: Failed, cells: Sequence[Cell]) -> Failed:
        """Everything that is wrong with a row, told of its columns: what was met first, and what else there is."""
        first = self._columns.for_row(failed, cells)
        if failed.code in WHOLE_ROW:
            return first
        named = {first.field: first}
        cells = self._columns.fitted(cells)
        read = list(self._columns.each(cells))
        words = {field: said for field, said in read if not isinstance(said, RequestError)}
        defaults = {field.name: getattr(self.settings.defaults, field.name) for field in FIELDS}
        for error in problems(iter(read), {**defaults, **words}, self.settings.site.value):
            told = self._columns.for_row(error, cells)
            named.setdefault(told.field, told)
        _, *more = named.values()
        return Failed(first.code, first.field, first.message, tuple(more))

    def _worked(self, form: Form) -> Worked:
        """A row worked out. Overrides that are for the whole batch apply only to the stops that there are."""
        for_all = self.settings.defaults.override
        if form.override != for_all:  # what a row says itself is held against its own plan
            return self._desk.work_out(form, "schedule")
        # a limit that is obeyed stops nothing: whether an override lifts it is seen by trying
        lifts = tuple(said for said in for_all if code_of(said) in LIFTS)
        for lifted in dict.fromkeys((lifts, *((one,) for one in lifts))):
            try:
                return self._worked_with(form, for_all, lifted)
            except RequestError as error:
                if not lifted or error.field != "override":
                    raise
        return self._worked_with(form, for_all, ())

    def _worked_with(self, form: Form, for_all: tuple[str, ...], needed: tuple[str, ...]) -> Worked:
        while True:
            try:
                return self._desk.work_out(replace(form, override=needed), "schedule")
            except RefusedError as refused:
                more = tuple(said for said in for_all if said not in needed and code_of(said) in refused.codes)
                if not more:
                    raise
                needed += more

    def take_files(self) -> list[tuple[str, bytes]]:
        """The files of the patients planned since this was last asked."""
        files, self._files = self._files, []
        return files

    def take_plans(self) -> bytes:
        """The saved plans since this was last asked, one on each line."""
        plans, self._plans = self._plans, []
        return b"".join(plans)

    def _keep(self, plan: Plan, number: int) -> None:
        """What is written of a plan beside its lines in the tables."""
        if self.settings.each:
            self._files += patient_files(plan, number, self.settings.each, self.settings.pages)
        if self.settings.plans:
            from ivigcalc.document.write import to_json_line

            self._plans.append(to_json_line(plan).encode("utf-8"))
