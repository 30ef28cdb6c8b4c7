"""A second, independent way to every number: plain fractions, brute force, its own unit tables.

Written from the project's rules of arithmetic, not from the package, of which it imports nothing. It favours the
obvious over the fast: whatever can be enumerated is enumerated. Grams, millilitres, minutes and kilograms throughout.
"""

import calendar
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement, pairwise
from itertools import product as every_combination
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml

REGIMENS = Path(__file__).parent.parent / "regimens"

KG = {"kg": Fraction(1), "g": Fraction(1, 1000), "lb": Fraction("0.45359237"), "st": Fraction("0.45359237") * 14}
CM = {"cm": Fraction(1), "m": Fraction(100), "in": Fraction("2.54"), "ft": Fraction("30.48")}
GRAMS = {"g": Fraction(1), "mg": Fraction(1, 1000)}
MINUTES = {"min": Fraction(1), "h": Fraction(60)}
SMALLEST_ML = Fraction("0.001")


def number_and_unit(text: str) -> tuple[Fraction, str]:
    """`0.04 mL/kg/min` -> 1/25 and `mL/kg/min`."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%/]+)\s*", text)
    assert match, f"the oracle cannot read {text!r}"
    return Fraction(match[1]), match[2]


def kg(text: str) -> Fraction:
    """A body weight in kilograms."""
    value, unit = number_and_unit(text)
    return value * KG[unit]


def grams(text: str) -> Fraction:
    """An amount in grams."""
    value, unit = number_and_unit(text)
    return value * GRAMS[unit]


def grams_per_kg(text: str) -> Fraction:
    """A dose in grams per kilogram."""
    value, unit = number_and_unit(text)
    amount, per = unit.split("/")
    assert per == "kg"
    return value * GRAMS[amount]


def minutes(text: str) -> Fraction:
    """A duration in minutes."""
    value, unit = number_and_unit(text)
    return value * MINUTES[unit]


def rate_ml_per_h(text: str, weight_kg: Fraction, mg_per_ml: Fraction) -> Fraction:
    """A printed rate as mL/h for this weight: mL or mg, per kg or not, per min or per h."""
    value, unit = number_and_unit(text)
    amount, *per = unit.split("/")
    if amount in GRAMS:
        value = value * GRAMS[amount] * 1000 / mg_per_ml
    if "kg" in per:
        value *= weight_kg
    return value * {"min": 60, "h": 1}[per[-1]]


def floor_to(value: Fraction, increment: Fraction) -> Fraction:
    """The largest multiple of the increment that is not above the value."""
    return math.floor(value / increment) * increment


def nearest_tie_up(value: Fraction, increment: Fraction) -> Fraction:
    """The nearest multiple of the increment; exactly half-way goes up."""
    below = floor_to(value, increment)
    return below + increment if value - below >= increment / 2 else below


# ---- weight -------------------------------------------------------------------------------------------------------------


def devine_kg(sex: str, height_cm: Fraction) -> Fraction:
    """Devine 1974: 50 kg (men) or 45.5 kg (women), and 2.3 kg for every inch over 60."""
    return {"male": Fraction(50), "female": Fraction("45.5")}[sex] + Fraction("2.3") * (height_cm / CM["in"] - 60)


def adjusted_kg(actual_kg: Fraction, ideal_kg: Fraction, factor: Fraction = Fraction("0.4")) -> Fraction:
    """Ideal weight and a part of what lies above it."""
    return ideal_kg + factor * (actual_kg - ideal_kg)


def bmi(actual_kg: Fraction, height_cm: Fraction) -> Fraction:
    """kg/m2."""
    return actual_kg / (height_cm / 100) ** 2


# ---- doses --------------------------------------------------------------------------------------------------------------


def common_unit(amounts: Iterable[Fraction]) -> Fraction:
    """The largest amount of which all of these are whole multiples."""
    fractions = list(amounts)
    denominator = math.lcm(*(f.denominator for f in fractions))
    return Fraction(math.gcd(*(int(f * denominator) for f in fractions)), denominator)


def vial_totals(sizes: Sequence[Fraction], up_to: Fraction) -> list[Fraction]:
    """Every amount above 0 and not above `up_to` that whole vials can make, rising."""
    unit = common_unit(sizes)
    counts = [int(size / unit) for size in sizes]
    reachable = {0}
    for total in range(1, int(up_to / unit) + 1):
        if any(total - count in reachable for count in counts):
            reachable.add(total)
    return [total * unit for total in sorted(reachable) if total]


def sums_of_units(amounts: Sequence[int], n: int, limit: int) -> set[int]:
    """Every sum of exactly n of these amounts (with repetition) that is not above the limit."""
    mask, sums = (1 << (limit + 1)) - 1, 1  # bit k is set if the sum k can be made
    for _ in range(n):
        longer = 0
        for amount in amounts:
            longer |= sums << amount
        sums = longer & mask
    return {k for k in range(limit + 1) if sums >> k & 1}


def rounded_course_g(
    prescribed_g: Fraction, sizes: Sequence[Fraction], days: int, cap_g: Fraction | None = None
) -> Fraction:
    """The course of whole vials nearest to the prescribed dose; a tie goes down, never 0, never above a gram cap."""
    reach = prescribed_g + days * max(sizes) * 2
    unit = common_unit(sizes)
    amounts = [int(amount / unit) for amount in vial_totals(sizes, reach)]
    candidates = [units * unit for units in sums_of_units(amounts, days, int(reach / unit))]
    allowed = [c for c in candidates if cap_g is None or c <= cap_g]
    assert allowed, "no course of whole vials below the cap"
    return min(allowed, key=lambda c: (abs(c - prescribed_g), c))


def least_spread_g(course_g: Fraction, sizes: Sequence[Fraction], days: int) -> Fraction:
    """How far the largest and the smallest session must differ at least: every spread is tried, from 0 up, from every start."""
    unit = common_unit(sizes)
    course = int(course_g / unit)
    assert course * unit == course_g, f"{course_g} g is no sum of whole vials"
    amounts = {int(amount / unit) for amount in vial_totals(sizes, course_g)}
    for spread in range(course):
        for low in range(max(1, -(-course // days) - spread), course // days + 1):
            window = sorted(amounts.intersection(range(low, low + spread + 1)))
            if course in sums_of_units(window, days, course):
                return spread * unit
    raise AssertionError(f"{course_g} g cannot be given in {days} sessions of whole vials")


def all_least_splits(course_g: Fraction, sizes: Sequence[Fraction], days: int) -> list[tuple[Fraction, ...]]:
    """Every split (larger first) with the least spread: exhaustive, for small cases."""
    unit = common_unit(sizes)
    course, spread = int(course_g / unit), int(least_spread_g(course_g, sizes, days) / unit)
    amounts = [int(amount / unit) for amount in vial_totals(sizes, course_g)]

    def grow(prefix: tuple[int, ...], left: int) -> Iterator[tuple[int, ...]]:
        if len(prefix) == days:
            if left == 0:
                yield prefix
            return
        for amount in amounts:
            if amount <= left and (not prefix or prefix[0] - spread <= amount <= prefix[-1]):
                yield from grow((*prefix, amount), left - amount)

    return [tuple(units * unit for units in split) for split in grow((), course)]


def largest_g(course_g: Fraction, sizes: Sequence[Fraction], days: int) -> Fraction:
    """The fullest session of a course that is divided as evenly as its vials allow."""
    if not least_spread_g(course_g, sizes, days):
        return course_g / days
    return min(split[0] for split in all_least_splits(course_g, sizes, days))


def whole_course_g(
    prescribed_g: Fraction,
    sizes: Sequence[Fraction],
    days: int,
    most_per_day_g: Fraction | None = None,
    cap_g: Fraction | None = None,
) -> Fraction:
    """The course of whole vials nearest to the dose whose fullest session keeps the daily limit, if that is within 10 %.

    A limit that the exact dose passes itself is no bound. Where nothing within 10 % keeps it, it is the nearest of all.
    """
    nearest = rounded_course_g(prescribed_g, sizes, days, cap_g)
    most = most_per_day_g
    if most is None or prescribed_g / days > most or largest_g(nearest, sizes, days) <= most:
        return nearest
    unit = common_unit(sizes)
    amounts = [int(amount / unit) for amount in vial_totals(sizes, prescribed_g * 2)]
    low, high = prescribed_g * 9 / 10, min(prescribed_g * 11 / 10, cap_g or prescribed_g * 2)
    sums = [units * unit for units in sums_of_units(amounts, days, math.floor(high / unit))]
    keeping = [c for c in sums if c >= low and largest_g(c, sizes, days) <= most]
    return min(keeping, key=lambda c: (abs(c - prescribed_g), c), default=nearest)


def fewest_vials_course(
    prescribed_g: Fraction,
    sizes: Sequence[Fraction],
    days: int,
    within: Fraction,
    spread_g: Fraction,
    most_per_day_g: Fraction | None = None,
    most_g: Fraction | None = None,
) -> list[tuple[Fraction, ...]]:
    """All courses that a preference for the fewest vials takes to be best: each is looked at, larger days first.

    Within so much of the dose and the limits, in days that differ by no more than the spread: the fewest vials, then the
    nearest, of two as near the lower, then the least spread. Several where only the days differ.
    """
    low, high = prescribed_g * (1 - within), min(prescribed_g * (1 + within), most_g or prescribed_g * 2)
    day_g = prescribed_g * 2 if most_per_day_g is None else most_per_day_g
    amounts = [amount for amount in vial_totals(sizes, high) if amount <= day_g]
    vials = {amount: sum((best_vials(amount, sizes) or {}).values()) for amount in amounts}
    found: dict[tuple[Fraction, ...], tuple[int, Fraction, Fraction, Fraction]] = {}
    for least in amounts:
        window = [amount for amount in amounts if least <= amount <= least + spread_g]
        for others in combinations_with_replacement(window, days - 1):
            split = tuple(sorted((least, *others), reverse=True))
            if low <= sum(split) <= high:
                total = sum(split)
                count = sum(vials[day] for day in split)
                found[split] = (count, abs(total - prescribed_g), total, split[0] - split[-1])
    best = min(found.values(), default=None)
    return [split for split, rank in found.items() if rank == best]


def given_course_g(
    prescribed_g: Fraction,
    sizes: Sequence[Fraction],
    days: int,
    most_per_day_g: Fraction | None = None,
    cap_g: Fraction | None = None,
    step_g: Fraction = Fraction(1, 10),
) -> tuple[Fraction, bool]:
    """The course by the program's own policy, and whether it is drawn from opened vials.

    Whole vials while they stay within 10 %; else to 0.1 g, a halves down, no session above the limit.
    """
    most = None if most_per_day_g is None or prescribed_g / days > most_per_day_g else most_per_day_g
    if cap_g is None or any(amount * days <= cap_g for amount in vial_totals(sizes, max(sizes))):
        whole = whole_course_g(prescribed_g, sizes, days, most, cap_g)
        if abs(whole - prescribed_g) * 10 <= prescribed_g:
            return whole, False
    steps = math.ceil(prescribed_g / step_g - Fraction(1, 2))
    while most is not None and math.ceil(Fraction(steps, days)) * step_g > most:
        steps -= 1
    return steps * step_g, True


def preferred_course_g(
    exact_g: Fraction,
    sizes: Sequence[Fraction],
    days: int,
    most_per_day_g: Fraction | None = None,
    within: Fraction = Fraction(1, 20),
    spread_g: Fraction = Fraction(5),
) -> tuple[int, Fraction, Fraction] | None:
    """Vials, distance from the exact dose, and course: of all near it, in days not too unlike, the fewest vials, then the nearest."""
    best = fewest_vials_course(exact_g, sizes, days, within, spread_g, most_per_day_g)
    if not best:
        return None
    vials = sum(sum((best_vials(day, sizes) or {}).values()) for day in best[0])
    return vials, abs(sum(best[0]) - exact_g), sum(best[0], Fraction(0))


def ordered_course_g(words: str, weight_kg: Fraction, days: int, printed_per_day: bool) -> Fraction:
    """What an ordered dose is in all: of a course, or of each of its days; a bare one is of what the protocol prints."""
    figure, *per = words.split("/")
    of = per.pop() if per and per[-1] in ("day", "course") else ""
    each = grams_per_kg(f"{figure}/kg") * weight_kg if per == ["kg"] else grams(figure)
    return each * (days if of == "day" or (not of and printed_per_day) else 1)


def is_low(course_g: Fraction, lowest_printed_g: Fraction) -> bool:
    """Below half the lowest dose that is printed."""
    return course_g < lowest_printed_g / 2


def most_in_four_weeks_g(course_g: Fraction, courses: int, every_days: int) -> Fraction:
    """The most that begins within any four weeks of a plan: day by day, from its courses alone."""
    begins = [k * every_days for k in range(courses)]
    return max(course_g * sum(first <= day < first + 28 for day in begins) for first in range(begins[-1] + 1))


def fewest_days(prescribed_g: Fraction, first: int, last: int, most_per_day_g: Fraction | None) -> int:
    """The fewest days on which the exact dose is within the daily limit; the most there are, where it never is."""
    within = (n for n in range(first, last + 1) if most_per_day_g is None or prescribed_g / n <= most_per_day_g)
    return next(within, last)


# ---- vials --------------------------------------------------------------------------------------------------------------


def best_vials(
    dose_g: Fraction, sizes: Sequence[Fraction], stock: dict[Fraction, int] | None = None
) -> dict[Fraction, int] | None:
    """Least left over, then fewest vials, then larger first: every count of every size is tried. None if the shelf is short."""
    large_first = sorted(sizes, reverse=True)
    unit = common_unit(sizes)
    most = math.floor((dose_g + large_first[0]) / unit)
    # total in units -> (vials, counts negated, larger sizes first)
    best: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for size in large_first:
        shelf = math.inf if stock is None else stock.get(size, 0)
        units = int(size / unit)
        longer: dict[int, tuple[int, tuple[int, ...]]] = {}
        for total, (count, negated) in best.items():
            n = 0
            while n <= shelf and total + n * units <= most:
                key, value = total + n * units, (count + n, (*negated, -n))
                if key not in longer or value < longer[key]:
                    longer[key] = value
                n += 1
        best = longer
    covering = [total for total in best if total * unit >= dose_g]
    if not covering:
        return None
    _, negated = best[min(covering)]
    return {size: -n for size, n in zip(large_first, negated, strict=True) if n}


def best_vials_by_listing(
    dose_g: Fraction, sizes: Sequence[Fraction], stock: dict[Fraction, int] | None = None
) -> dict[Fraction, int] | None:
    """The same answer from a plain list of all combinations: only for small doses; it checks `best_vials`."""
    large_first = sorted(sizes, reverse=True)
    most = [
        math.ceil(dose_g / s) if stock is None else min(math.ceil(dose_g / s), stock.get(s, 0)) for s in large_first
    ]
    covering = [
        counts
        for counts in every_combination(*(range(m + 1) for m in most))
        if sum(n * s for n, s in zip(counts, large_first, strict=True)) >= dose_g
    ]
    if not covering:
        return None
    total = {counts: sum(n * s for n, s in zip(counts, large_first, strict=True)) for counts in covering}
    best = min(covering, key=lambda counts: (total[counts], sum(counts), tuple(-n for n in counts)))
    return {size: n for size, n in zip(large_first, best, strict=True) if n}


# ---- the infusion -------------------------------------------------------------------------------------------------------


class PumpTooCoarseError(Exception):
    """A rung that the pump can only run at 0 mL/h: there is no infusion to compute."""


class Step(NamedTuple):
    """One rung as the pump runs it; the volumes as shown (to 0.001 mL), the minutes exact."""

    rate_ml_per_h: Fraction
    minutes: Fraction
    volume_ml: Fraction
    cumulative_ml: Fraction


@dataclass(frozen=True)
class Table:
    """One published rate table, as text: the rungs (rate, minutes or None for the rest), ceiling and ceiling at risk."""

    rungs: tuple[tuple[str, str | None], ...]
    ceiling: str | None
    at_risk: str | None
    risks: tuple[str, ...]
    mg_per_ml: Fraction
    #: ceilings at risk of the product's other tables, each with its risks; that of the indication
    elsewhere: tuple[tuple[str, tuple[str, ...]], ...] = ()
    of_indication: str | None = None
    #: what the policy does not pass for this patient
    of_policy: tuple[str, ...] = ()

    def under(self, ceilings: Sequence[str]) -> "Table":
        """The same under a policy with these ceilings."""
        return replace(self, of_policy=tuple(ceilings))

    def ceilings(self, risks: Sequence[str] = ()) -> list[str]:
        """Those that are in force for a patient with these risks."""
        own = set(self.risks) if self.at_risk else set()
        at_risk = [self.at_risk] if self.at_risk and set(risks) & own else []
        others = [rate for rate, of in self.elsewhere if (set(risks) - own) & set(of)]
        return [rate for rate in (self.ceiling, *at_risk, *others, self.of_indication, *self.of_policy) if rate]


def pump_rate(
    rung_ml_per_h: Fraction, ceiling_ml_per_h: Fraction | None, increment: Fraction, pump_maximum: Fraction
) -> Fraction:
    """To the pump's increment, ties up, but down if that is over 5 % too fast, and at whatever ceiling is in force."""
    ceiling = min(pump_maximum, ceiling_ml_per_h) if ceiling_ml_per_h is not None else pump_maximum
    nearest = nearest_tie_up(rung_ml_per_h, increment)
    below = floor_to(rung_ml_per_h, increment)
    return min(nearest if nearest <= rung_ml_per_h * Fraction("1.05") else below, floor_to(ceiling, increment))


def infuse(
    volume_ml: Fraction,
    table: Table,
    weight_kg: Fraction,
    *,
    risks: Sequence[str] = (),
    increment: Fraction = Fraction("0.1"),
    pump_maximum: Fraction = Fraction(999),
    least_min: Fraction | None = None,
    shortest_min: Fraction = Fraction(1),
) -> list[Step]:
    """The steps of one infusion: rungs in order, equal pump settings merged, the last step taking what is left.

    With `least_min` it climbs to the highest plateau at which it still lasts so long: every setting is tried.
    """
    ceilings = [rate_ml_per_h(text, weight_kg, table.mg_per_ml) for text in table.ceilings(risks)]
    ceiling = min(ceilings, default=None)
    settings: list[tuple[Fraction, Fraction | None]] = []
    for rate, lasts in table.rungs:
        setting = pump_rate(rate_ml_per_h(rate, weight_kg, table.mg_per_ml), ceiling, increment, pump_maximum)
        if setting == 0:
            raise PumpTooCoarseError
        time = None if lasts is None else minutes(lasts)
        if settings and settings[-1][0] == setting:
            before = settings.pop()[1]
            time = None if time is None or before is None else before + time
        settings.append((setting, time))
    steps = run(volume_ml, settings, shortest_min)
    if least_min is None or sum(step.minutes for step in steps) >= least_min:
        return steps
    for units in range(int(settings[-1][0] / increment), 0, -1):
        held = merged([(min(setting, units * increment), time) for setting, time in settings])
        if lasts_min(volume_ml, held) >= least_min:
            return run(volume_ml, held, shortest_min)
    raise PumpTooCoarseError


def merged(settings: Sequence[tuple[Fraction, Fraction | None]]) -> list[tuple[Fraction, Fraction | None]]:
    """Settings in a row that are the same, as one with their time together."""
    found: list[tuple[Fraction, Fraction | None]] = []
    for setting, time in settings:
        if found and found[-1][0] == setting:
            before = found.pop()[1]
            time = None if time is None or before is None else before + time
        found.append((setting, time))
    return found


def lasts_min(volume_ml: Fraction, settings: Sequence[tuple[Fraction, Fraction | None]]) -> Fraction:
    """How long so much takes where every setting is entered, if for a moment only."""
    total = Fraction(0)
    for setting, time in settings:
        full = volume_ml if time is None else setting * time / 60
        given = min(volume_ml, full)
        total += given / setting * 60
        volume_ml -= given
    return total


def run(
    volume_ml: Fraction, settings: Sequence[tuple[Fraction, Fraction | None]], shortest_min: Fraction = Fraction(1)
) -> list[Step]:
    """Run these settings (mL/h, minutes or None for the rest) until the volume is in.

    Less than the 0.001 mL that can be shown is no step of its own, nor is what the next would give in less than the
    shortest step: the step before takes it.
    """
    steps: list[Step] = []
    running = shown_before = Fraction(0)
    for number, (setting, time) in enumerate(settings, start=1):
        left = volume_ml - running
        last = number == len(settings) or time is None
        if time is not None and not last:
            rest = left - setting * time / 60
            last = rest < SMALLEST_ML or rest / settings[number][0] * 60 < shortest_min
        infused = left if last else setting * time / 60
        running += infused
        shown = nearest_tie_up(running, SMALLEST_ML)
        steps.append(Step(setting, infused / setting * 60, shown - shown_before, shown))
        shown_before = shown
        if last:
            break
    return steps


def total_minutes(steps: Sequence[Step]) -> int:
    """A whole number: the exact total, rounded up once."""
    return math.ceil(sum(step.minutes for step in steps))


# ---- dates --------------------------------------------------------------------------------------------------------------


def course_date(start: date, interval: str, k: int) -> date:
    """`start + k x interval`, from the start each time; a month end is clamped."""
    amount, unit = re.fullmatch(r"(\d+) (day|week|month)s?", interval).groups()  # type: ignore[union-attr]
    if unit != "month":
        return start + timedelta(days=k * int(amount) * {"day": 1, "week": 7}[unit])
    years, month = divmod(start.month - 1 + k * int(amount), 12)
    year, month = start.year + years, month + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


# ---- clocks -------------------------------------------------------------------------------------------------------------


class NoSuchTimeError(Exception):
    """The clocks on the wall never show this time on this day."""


@cache
def moments_showing(zone: str, shown: datetime) -> list[datetime]:
    """Every minute, in UTC, in which the clocks on the wall show a date and time: no zone is 16 hours off."""
    shown_in_utc = shown.replace(tzinfo=UTC)
    minutes_around = (shown_in_utc + timedelta(minutes=k) for k in range(-16 * 60, 16 * 60))
    return [minute for minute in minutes_around if on_the_wall(zone, minute) == shown]


def on_the_wall(zone: str, moment: datetime) -> datetime:
    """What the clocks on the wall show at a moment."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def start_of(zone: str, on: date, at_min: int) -> datetime:
    """The moment at which an infusion starts: the first at which the clocks show its time."""
    found = moments_showing(zone, datetime.fromisoformat(f"{on}T{at_min // 60:02}:{at_min % 60:02}"))
    if not found:
        raise NoSuchTimeError
    return found[0]


def wall_clock(zone: str, start: datetime, after_min: int) -> tuple[datetime, int | None]:
    """What the clocks show so long after a start, and which time of two that is where they show it twice."""
    moment = start + timedelta(minutes=after_min)
    shown = on_the_wall(zone, moment)
    showing = moments_showing(zone, shown)
    return shown, showing.index(moment) + 1 if len(showing) > 1 else None


@cache
def days_of_changes(zone: str, first: date, last: date) -> list[date]:
    """The days on which the clocks of a zone are changed, a day early at most."""
    noons = [
        datetime(first.year, first.month, first.day, 12, tzinfo=UTC) + timedelta(days=k)
        for k in range((last - first).days)
    ]
    shown = [on_the_wall(zone, noon) for noon in noons]
    return [before.date() for before, after in pairwise(shown) if after - before != timedelta(days=1)]


# ---- shipped files, read without the package ----------------------------------------------------------------------------


@cache
def read(kind: str, ident: str) -> dict[str, Any]:
    """A shipped definition as plain text values; fails by name if it is not there."""
    found = sorted((REGIMENS / kind).rglob(f"{ident}.yaml"))
    assert found, f"regimens/{kind}/**/{ident}.yaml is missing"
    with found[0].open(encoding="utf-8") as stream:
        content = yaml.load(stream, yaml.BaseLoader)  # BaseLoader: text, lists and maps only
    assert isinstance(content, dict)
    return content


def product_vials(ident: str) -> list[Fraction]:
    """The vial sizes of a shipped product in grams."""
    return [grams(size) for size in read("products", ident)["vials"]]


def product_mg_per_ml(ident: str) -> Fraction:
    """The concentration of a shipped product."""
    value, unit = number_and_unit(read("products", ident)["concentration"])
    assert unit == "mg/mL"
    return value


def ceilings_at_risk(tables: list[dict[str, Any]], mg_per_ml: Fraction) -> list[dict[str, Any]]:
    return [kept_at_risk(table, mg_per_ml) for table in tables if "at_risk_ceiling" in table]


def kept_at_risk(table: dict[str, Any], mg_per_ml: Fraction) -> dict[str, Any]:
    """The ceiling at risk of a table; of one printed as `less than` the fastest step that is below it."""
    printed: dict[str, Any] = table.get("at_risk_ceiling") or {}
    if printed.get("less_than") != "true" and printed.get("less_than") is not True:
        return printed
    steps = {rung["rate"]: rate_ml_per_h(rung["rate"], Fraction(1), mg_per_ml) for rung in table["ladder"]}
    most = rate_ml_per_h(printed["rate"], Fraction(1), mg_per_ml)
    return {**printed, "rate": max((rate for rate, each in steps.items() if each < most), key=lambda rate: steps[rate])}


def rate_ceiling(indication: str) -> str | None:
    """The most that the shipped file of an indication prints, whatever the product."""
    shipped = any((REGIMENS / "indications").rglob(f"{indication}.yaml"))
    found = read("indications", indication) if shipped else {}
    return (found.get("rate_ceiling") or {}).get("rate")


def policy_ceilings(
    ident: str,
    *,
    risks: Sequence[str] = (),
    conditions: Sequence[str] = (),
    age_years: Fraction | None = None,
    infusion: str = "first",
) -> list[str]:
    """The rates that a shipped policy does not pass for such a patient."""
    policy = read("policies", ident)
    found = [policy["rate_ceiling"]["rate"]] if "rate_ceiling" in policy else []
    if infusion == "first" and "first_rate_ceiling" in policy:
        found.append(policy["first_rate_ceiling"]["rate"])
    at_risk = policy.get("at_risk_ceiling", {})
    named = {*at_risk.get("risks", ()), *at_risk.get("conditions", ())} & {*risks, *conditions}
    for text in at_risk.get("when", ()):
        sign, years = re.fullmatch(r"age (>|>=|<|<=) (\d+) years", text).groups()  # type: ignore[union-attr]
        holds = {">": Fraction.__gt__, ">=": Fraction.__ge__, "<": Fraction.__lt__, "<=": Fraction.__le__}[sign]
        if age_years is not None and holds(age_years, Fraction(years)):
            named.add(text)
    return [*found, at_risk["rate"]] if named else found


def rate_table(ident: str, indication: str, infusion: str = "first") -> Table:
    """The rate table of a shipped product for this use: its own table before one for any use."""
    tables = read("products", ident).get("rates", [])
    for wanted in (indication, "any"):
        for table in tables:
            if wanted in table["for"] and table.get("infusion", infusion) == infusion:
                return as_table(ident, table, indication)
    raise AssertionError(f"{ident} has no rate table for {indication} ({infusion} infusion)")


def as_table(ident: str, table: dict[str, Any], indication: str) -> Table:
    """One table of a shipped product, with what else bounds its rates."""
    mg_per_ml = product_mg_per_ml(ident)
    risk, tables = kept_at_risk(table, mg_per_ml), read("products", ident)["rates"]
    return Table(
        rungs=tuple((rung["rate"], rung.get("for")) for rung in table["ladder"]),
        ceiling=(table.get("ceiling") or {}).get("rate"),
        at_risk=risk.get("rate"),
        risks=tuple(risk.get("risks", ())),
        mg_per_ml=mg_per_ml,
        elsewhere=tuple((at["rate"], tuple(at["risks"])) for at in ceilings_at_risk(tables, mg_per_ml)),
        of_indication=rate_ceiling(indication),
    )


def borrowed_tables(ident: str, indication: str, infusion: str, risks: Sequence[str]) -> list[Table]:
    """The tables of a product that may serve a use for which none is printed, the most cautious for this patient first.

    That is the one with the lowest ceiling in force; of equals the one whose steps are slower from the first on.
    """
    fitting = [t for t in read("products", ident)["rates"] if t.get("infusion", infusion) == infusion]
    tables = [as_table(ident, table, indication) for table in fitting]

    def boldness(table: Table) -> tuple[Fraction, ...]:
        own = [table.ceiling] + ([table.at_risk] if set(risks) & set(table.risks) else [])
        rates = [rate_ml_per_h(str(rate), Fraction(1), table.mg_per_ml) for rate in own]
        return (min(rates), *(rate_ml_per_h(rate, Fraction(1), table.mg_per_ml) for rate, _ in table.rungs))

    return sorted(tables, key=boldness)
