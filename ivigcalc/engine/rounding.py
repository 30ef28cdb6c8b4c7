"""To what a course is rounded and on how many days it is given, within every limit that its exact dose keeps."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.definitions import MEASURED_STEP_G, Limit, Prefer, Product, Rounding
from ivigcalc.engine.dose import CourseDose, Prescribed, amount_g, course_grams, over_limit
from ivigcalc.engine.split import Grid, nearest_within, round_course, step_grid, vial_grid
from ivigcalc.engine.vials import fewest_vials, vial_set
from ivigcalc.errors import RefusedError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, figure
from ivigcalc.text import counted

#: of so many numbers of days it is said why they do not do
_NAMED = 2


class Steps(Struct, frozen=True):
    """A rule of rounding with the session doses that it allows.

    `within`: the part of the exact dose by which the rounded one may differ so that a limit is kept. `otherwise`: to
    what is rounded where the rounded dose differs by more. `prefer`: which of the doses near the exact one comes first.
    """

    rounding: Rounding
    grid: Grid
    within: Fraction
    otherwise: Steps | None = None
    prefer: Prefer | None = None


class Bounds(Struct, frozen=True):
    """The most grams of a day and of a course that rounding may reach, and the least of a course: what the exact dose
    keeps.
    """

    day_g: Fraction | None = None
    course_g: Fraction | None = None
    least_g: Fraction | None = None

    def hold(self, course_g: Fraction, largest_g: Fraction) -> bool:
        """Whether a course with this largest session keeps them."""
        day = self.day_g is None or largest_g <= self.day_g
        if self.least_g is not None and course_g < self.least_g:  # control: rounding-keeps-the-least
            return False
        return day and (self.course_g is None or course_g <= self.course_g)


def make_steps(
    product: Product,
    rounding: Rounding,
    sizes_in_stock: tuple[Fraction, ...] | None,
    deviation: Fraction,
    prefer: Prefer | None = None,
) -> Steps:
    """What a rule allows of a product. `deviation`: by how much percent a dose may differ where the rule is silent."""
    grid = dose_grid(product, rounding, sizes_in_stock)
    percent = deviation if rounding.within is None else Fraction(rounding.within.value)
    within = percent / 100
    if rounding.otherwise is None:
        return Steps(rounding, grid, within, None, prefer)
    finer = rounding.finer(rounding.otherwise, rounding.source)
    return Steps(rounding, grid, within, Steps(finer, dose_grid(product, finer, None), within), prefer)


def dose_grid(product: Product, rounding: Rounding, shelf_sizes: tuple[Fraction, ...] | None) -> Grid:
    """The session doses that can be given under a rounding rule."""
    if isinstance(rounding.to, Quantity):
        return step_grid(rounding.to.base, f"multiples of {rounding.to}")
    if rounding.to == "nothing":
        return step_grid(MEASURED_STEP_G, "hundredths of a gram")
    if not product.vials:
        raise RefusedError(
            "vials-not-published",
            f"no source prints the vial sizes of {product.id}, so its dose cannot be rounded to whole vials; "
            "choose a --policy that rounds to grams",
            overridable=False,
        )
    return vial_grid(vial_set(shelf_sizes or tuple(size.base for size in product.vials)))


def plan_course(
    prescribed: Prescribed,
    candidates: tuple[int, ...],
    weight_kg: Fraction,
    steps: Steps,
    limits: tuple[Limit, ...],
    chosen_by_order: bool,
    in_four_weeks: int = 1,
) -> CourseDose:
    """Round and split one course over the fewest candidate days on which its exact dose meets every daily limit.

    `in_four_weeks`: how many such courses four weeks hold, which share a limit on four weeks.
    """
    refused: list[str] = []
    over_a_limit: list[CourseDose] = []
    for days in candidates:
        grams, capped = course_grams(prescribed, days, weight_kg)
        if capped and days != candidates[-1] and _fits_more_days(prescribed, days, grams):
            refused.append(f"{counted(days, 'day')} would hold more than {prescribed.cap_per_day} a day")
            continue
        bounds = _bounds(prescribed, grams, days, limits, weight_kg, in_four_weeks)
        found = _rounded(prescribed, grams, days, steps, bounds)
        if found is None:
            refused.append(f"{counted(days, 'day')} cannot be filled from {steps.grid.text}")
            continue
        found = replace(found, capped=capped, days_because=_because(candidates, chosen_by_order, refused))
        over = over_limit(grams / days, limits, weight_kg)  # control: days-within-limits
        if over is None and not (over_a_limit and found.smallest and _strays(found, steps)):
            return found
        over_a_limit.append(found)
        refused.append(_refused(over, grams / days, days, found, weight_kg))
    if not over_a_limit:
        others = f"; so with {counted(len(refused) - _NAMED, 'other number')} of days" if len(refused) > _NAMED else ""
        raise RefusedError(
            "dose-not-givable",
            f"the course of {figure(course_grams(prescribed, candidates[0], weight_kg)[0])} g cannot be given: "
            f"{'; '.join(refused[:_NAMED])}{others}; "
            "choose other --days, another --dose, or a --policy that rounds to grams",
            overridable=False,
        )
    found = min(over_a_limit, key=lambda dose: _where_no_limit_is_met(dose, steps))
    if not chosen_by_order and len(candidates) > 1:
        return replace(found, days_because=f"no published number of days meets every limit ({'; '.join(refused)})")
    return found


def _where_no_limit_is_met(dose: CourseDose, steps: Steps) -> tuple[bool, Fraction, int]:
    """The most days come first; of those whose vials stray far from the exact dose, what strays least."""
    strays = _strays(dose, steps)
    return strays, abs(dose.deviation_percent) if strays else Fraction(0), -len(dose.session_doses_g)


def _strays(dose: CourseDose, steps: Steps) -> bool:
    return abs(dose.deviation_percent) > steps.within * 100


def _refused(over: Limit | None, day_g: Fraction, days: int, found: CourseDose, weight_kg: Fraction) -> str:
    """Why a course is not given on so many days."""
    if over is None:
        return f"{counted(days, 'day')} would be no less than {figure(found.dose_g)} g"
    limit_g = figure(amount_g(over.max, weight_kg))
    return f"{counted(days, 'day')} would be {figure(day_g)} g a day, above {over.max} = {limit_g} g"


def _bounds(
    prescribed: Prescribed,
    grams: Fraction,
    days: int,
    limits: tuple[Limit, ...],
    weight_kg: Fraction,
    in_four_weeks: int,
) -> Bounds:
    """What rounding may not pass; a limit that the exact dose itself passes is told elsewhere."""
    most = {"day": [], "course": []}  # type: dict[str, list[Fraction]]
    for limit in limits:
        share = in_four_weeks if limit.per == "4-weeks" else 1
        whole = grams / days if limit.per == "day" else grams
        if whole * share <= amount_g(limit.max, weight_kg):
            most["day" if limit.per == "day" else "course"].append(amount_g(limit.max, weight_kg) / share)
    day, cap_g = prescribed.cap_per_day, prescribed.cap_g(days)
    most["day"] += [day.base] if day else []
    most["course"] += [cap_g] if cap_g is not None else []
    least_g = prescribed.least_g(grams, weight_kg)
    return Bounds(min(most["day"], default=None), min(most["course"], default=None), least_g)


def _rounded(prescribed: Prescribed, grams: Fraction, days: int, steps: Steps, bounds: Bounds) -> CourseDose | None:
    """One course over so many days: as the rule rounds it; else the nearest that keeps what bounds it; else finer."""
    plain = _plain(prescribed, grams, days, steps)
    preferred = _preferred(grams, days, steps, bounds)
    found = preferred or _bounded(grams, days, steps, bounds, plain)
    if steps.otherwise is not None and not _is_near(found, grams, steps):  # control: exact-from-opened-vial
        finer = _rounded(prescribed, grams, days, steps.otherwise, bounds)
        return replace(_instead(finer, plain, steps.grid, bounds), opened=True) if finer else None
    if not found:
        return None
    doses = tuple(units * steps.grid.unit_g for units in found)
    dose_g = sum(doses, Fraction(0))
    smallest = grams < dose_g and not _givable_below(sum(found), days, steps.grid)
    dose = CourseDose(grams, dose_g, doses, "", False, smallest, steps.rounding, preferred=bool(preferred))
    return _instead(dose, plain, steps.grid, bounds) if plain != found else dose


def _instead(dose: CourseDose, plain: tuple[int, ...], grid: Grid, bounds: Bounds) -> CourseDose:
    """The same with what is not given, and what bounds it."""
    grams = sum(plain) * grid.unit_g
    most = {"day_bound_g": bounds.day_g, "course_bound_g": bounds.course_g}
    return replace(dose, instead_of_g=grams, course_least_g=bounds.least_g, **most)


def _plain(prescribed: Prescribed, grams: Fraction, days: int, steps: Steps) -> tuple[int, ...]:
    """The days of a course as the rule rounds it within its caps alone; none where they cannot be filled."""
    cap_g = _cap_g(prescribed, days, steps.grid)
    most_g = grams if cap_g is None else min(grams, cap_g)
    units = round_course(most_g, days, steps.grid, steps.rounding.direction, steps.rounding.tie, cap_g)
    return steps.grid.divide(units, days) if units else ()


def _preferred(grams: Fraction, days: int, steps: Steps, bounds: Bounds) -> tuple[int, ...]:
    """The days of the course that the policy prefers to the nearest; none where nothing near enough keeps limits."""
    prefer, vials = steps.prefer, steps.grid.vials
    if prefer is None or vials is None:
        return ()
    range_g = _range_g(grams, Fraction(prefer.within.value) / 100, steps.rounding, bounds)
    if steps.rounding.direction == "up":  # control: preferred-as-rounded
        range_g = (grams, range_g[1])
    up = steps.rounding.tie == "up"
    # control: preferred-within-limits
    return fewest_vials(vials, grams, days, range_g, prefer.spread.base, bounds.day_g, up)


def _bounded(grams: Fraction, days: int, steps: Steps, bounds: Bounds, plain: tuple[int, ...]) -> tuple[int, ...]:
    """The days as the rule rounds them where that keeps every limit; else of the nearest course that does, if any."""
    if not plain or _keeps(plain, steps.grid, bounds):  # control: rounding-within-limits
        return plain
    low_g, high_g = _range_g(grams, steps.within, steps.rounding, bounds)
    rule = steps.rounding
    return nearest_within(steps.grid, grams, days, (low_g, high_g), bounds.day_g, rule.direction, rule.tie) or plain


def _range_g(grams: Fraction, within: Fraction, rounding: Rounding, bounds: Bounds) -> tuple[Fraction, Fraction]:
    """From what to what a course may be rounded."""
    high_g = grams if rounding.direction == "down" else grams * (1 + within)
    low_g = grams * (1 - within) if bounds.least_g is None else max(grams * (1 - within), bounds.least_g)
    return low_g, high_g if bounds.course_g is None else min(high_g, bounds.course_g)


def _keeps(units: Sequence[int], grid: Grid, bounds: Bounds) -> bool:
    return bounds.hold(sum(units) * grid.unit_g, max(units) * grid.unit_g)


def _is_near(units: tuple[int, ...], grams: Fraction, steps: Steps) -> bool:
    """Whether a rounded course is near enough to the exact one."""
    return bool(units) and abs(sum(units) * steps.grid.unit_g - grams) <= grams * steps.within


def _fits_more_days(prescribed: Prescribed, days: int, grams: Fraction) -> bool:
    """Whether the cap of a day is what binds a dose of a course, so that another day would hold more of it."""
    day = prescribed.cap_per_day
    return day is not None and not prescribed.per_day and grams == day.base * days


def _cap_g(prescribed: Prescribed, days: int, grid: Grid) -> Fraction | None:
    """The most grams that so many days may come to, when the fullest of them is one that can be given."""
    cap_g, day = prescribed.cap_g(days), prescribed.cap_per_day
    if cap_g is None or day is None:
        return cap_g
    most = next((units for units in range(day.base // grid.unit_g, 0, -1) if grid.allows(units)), 0)
    return min(cap_g, most * grid.unit_g * days)


def _givable_below(units: int, days: int, grid: Grid) -> bool:
    return any(grid.divide(lower, days) for lower in range(units - 1, 0, -1))


def _because(candidates: tuple[int, ...], chosen_by_order: bool, refused: list[str]) -> str:
    if chosen_by_order:
        return "as ordered"
    if len(candidates) == 1:
        return "the only number of days published"
    reason = f" ({'; '.join(refused)})" if refused else ""
    return f"the fewest of {candidates[0]} to {candidates[-1]} days that meet every limit{reason}"
