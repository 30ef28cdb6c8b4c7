"""One pass over saved plans: what they use in each week or month, and what a scenario would change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from msgspec import Struct

from ivigcalc._version import __version__
from ivigcalc.definitions import Site
from ivigcalc.document.many import LINES, Kept, each_saved, origin, read_one
from ivigcalc.document.read import saved_plan, unreadable
from ivigcalc.errors import RequestError
from ivigcalc.forecast.listed import failed_rows, plans_of, table_of
from ivigcalc.forecast.scenario import NotReplannedError, Replanner, Scenario
from ivigcalc.forecast.total import By, Outlook, Tally
from ivigcalc.forecast.twice import Seen
from ivigcalc.forecast.use import Use, uses_of
from ivigcalc.text import LONG, counted, safe

#: plans that are named for each reason why a scenario leaves them as they are
_NAMED = 5


class Asked(Struct, frozen=True):
    """What a forecast is asked for: `since` and `until` are the first and last day that count, None for no bound."""

    by: By = "week"
    since: date | None = None
    until: date | None = None
    scenario: Scenario | None = None
    allow_duplicates: bool = False


@dataclass(slots=True)
class Kind:
    """Plans that a scenario leaves as they are for one reason: how many, and some of them by name."""

    code: str
    example: str
    count: int = 0
    names: list[str] = field(default_factory=list)


class Forecast(Struct, frozen=True):
    """What the plans use, and what they would use under a scenario (`changed`, None without one).

    `plans`: how many were counted; `undated`: sessions without a date, which are in no period; `outside`: sessions
    before `since` or after `until`; `failed`: rows of a batch that were not planned; `as_planned`: plans that the
    scenario could not be asked of, which are in both; `other`: plans of another version of ivigcalc or of definitions
    that have changed, in whose difference that is as well; `site`: whose prices and stock they are.
    """

    by: By
    days: tuple[date, date]
    planned: Outlook
    changed: Outlook | None
    scenario: Scenario | None
    plans: int
    undated: int
    outside: int
    failed: int
    as_planned: tuple[Kind, ...]
    other: int
    site: Site


class _Count:
    """A forecast as it grows, a plan at a time."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.planned, self.changed = Tally(), Tally()
        self.seen = Seen(allow=asked.allow_duplicates)
        self.plans = self.undated = self.outside = self.failed = self.other = 0
        self.kinds: dict[str, Kind] = {}

    def add(self, uses: Sequence[Use | None], who: str | None, name: str, called: str) -> list[Use]:
        """Count the sessions of one plan; gives those that have a date."""
        dated = [use for use in uses if use is not None]
        self.undated += len(uses) - len(dated)
        if dated and who is not None:
            self.seen.add(who, name, min(use.on for use in dated), max(use.on for use in dated), called)
        self.plans += bool(dated)
        self._sum(self.planned, dated, counted_outside=True)
        return dated

    def also(self, uses: Iterable[Use]) -> None:
        """Count the same plan under the scenario."""
        self._sum(self.changed, uses, counted_outside=False)

    def _sum(self, tally: Tally, uses: Iterable[Use], *, counted_outside: bool) -> None:
        since, until = self.asked.since, self.asked.until
        for use in uses:
            if (since is None or use.on >= since) and (until is None or use.on <= until):
                tally.add(use)
            else:
                self.outside += counted_outside

    def leave(self, why: NotReplannedError, name: str) -> None:
        """A plan that the scenario leaves as it is."""
        kind = self.kinds.setdefault(why.code, Kind(why.code, str(why)))
        kind.count += 1
        if len(kind.names) < _NAMED:
            kind.names.append(name)


def forecast(paths: Sequence[Path], site: Site, asked: Asked) -> Forecast:
    """Read saved plans, folders of them and folders of batches once, at the prices and with the stock of a site.

    Raises `RequestError` for what is no plan, for a patient who would be counted twice, and where no session has a day
    in what is asked for.
    """
    count = _Count(asked)
    replanner = Replanner(asked.scenario) if asked.scenario else None
    for path in _each_once(paths):
        table = table_of(path)
        if table is not None:
            count.failed += failed_rows(path)
        if table is None or table.name == LINES or replanner is not None:
            for name, data in each_saved([path]):
                _count_plan(count, name, data, site, replanner)
        else:
            for patient, name, uses in plans_of(table, site):
                count.add(uses, patient and f"id {patient}", name, f"patient {safe(patient or '')}")
    return _finished(count, site)


def _each_once(paths: Sequence[Path]) -> Iterator[Path]:
    known: set[Path] = set()
    for path in paths:
        if path.resolve() in known:  # control: path-once
            raise RequestError(
                f"{safe(str(path), LONG)} is given twice: give it once", field="plans", code="plan-twice"
            )
        known.add(path.resolve())
        yield path


def _count_plan(count: _Count, name: str, data: bytes, site: Site, replanner: Replanner | None) -> None:
    kept = read_one(data, name)
    who, called = _identity(kept)
    try:
        uses = list(uses_of(kept.document, site))
    except ValueError as error:
        raise unreadable(name, f"it {error}") from None
    dated = count.add(uses, who, name, called)
    if replanner is None or not dated:
        return
    saved = saved_plan(data, name)
    try:
        again = replanner.again(saved)
    except NotReplannedError as why:
        count.leave(why, name)
        count.also(dated)  # control: as-planned-counted
        return
    count.other += _is_of_another(kept.document, again)
    count.also(use for use in uses_of(again, site) if use is not None)


def _identity(kept: Kept) -> tuple[str, str]:
    """What tells the patient of a plan apart, else the plan itself with its changes, and what a message calls it."""
    request = kept.document["computed_from"]["request"]
    if request.get("patient_id"):
        return f"id {request['patient_id']}", f"patient {safe(request['patient_id'])}"
    if request.get("name"):
        born = request.get("birth_date") or request.get("age") or ""
        return f"name {request['name']}, {born}", f"patient {safe(request['name'])}"
    return f"plan {origin(kept.document)}", "the same plan, or one that it was changed to, without a name or id,"


def _is_of_another(old: dict[str, object], new: dict[str, object]) -> bool:
    """Whether a plan was made by another version, or by a regimen that has changed since."""
    was, now = (found["computed_from"]["regimen"] for found in (old, new))  # type: ignore[index]
    same = (was or {}).get("sha256") == (now or {}).get("sha256")
    return old["ivigcalc_version"] != __version__ or not same


def _finished(count: _Count, site: Site) -> Forecast:
    asked = count.asked
    ends = [days for days in (count.planned.days, count.changed.days) if days]
    if not ends:
        lie = counted(count.outside, "session", "lies", "lie")
        outside = f"; {lie} outside --from and --to" if count.outside else ""
        raise RequestError(
            f"no session of these plans has a day to be counted on{outside}: give plans of `schedule` or of a batch",
            field="plans",
        )
    days = (min(first for first, _ in ends), max(last for _, last in ends))
    return Forecast(
        asked.by,
        days,
        count.planned.outlook(asked.by, days, site),
        count.changed.outlook(asked.by, days, site) if asked.scenario else None,
        asked.scenario,
        count.plans,
        count.undated,
        count.outside,
        count.failed,
        tuple(count.kinds.values()),
        count.other,
        site,
    )
