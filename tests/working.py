"""Redoes the working of a plan by hand: a tiny evaluator of its lines, which knows only what the lines themselves say.

A name stands for an input of the same line, else for the exact value of an earlier line. `x` multiplies, `/` divides.
What "round" means is said by the line's own inputs; whole vials are left to the oracle.
"""

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import oracle

from ivigcalc.engine.plan import Plan, TraceEntry

TOKEN = re.compile(
    r"\s*(?:([0-9]+(?:\.[0-9]+)?)|((?:round up|round down|round|min)(?=\()|[A-Za-z_][A-Za-z0-9_.]*(?:\[[^]]*\])?)|([-+/(),]))"
)
PREFERRED = re.compile(
    r"fewest vials within ([0-9.]+) %, then nearest, days that differ by no more than ([0-9.]+ g) and then least"
)
#: decimals with which a result is shown, by its unit
PLACES = {"kg": 4, "cm": 4, "kg/m2": 4, "%": 2, "g/kg": 3, "mL/h": 4, "mL": 3, "min": 2}


def tokens(expression: str) -> list[str]:
    found, place = [], 0
    while place < len(expression.rstrip()):
        match = TOKEN.match(expression, place)
        assert match, f"cannot read {expression!r} from {expression[place:]!r}"
        found.append(match[1] or match[2] or match[3])
        place = match.end()
    return found


class Line:
    """One line of the working, read from left to right by the usual precedence."""

    def __init__(self, entry: TraceEntry, known: dict[str, Fraction], plan: Plan) -> None:
        self.entry, self.known, self.plan = entry, known, plan
        #: days of the course that a preference takes, any of which will do
        self.preferred: list[tuple[Fraction, ...]] = []
        self.rest = tokens(entry.expression)

    def value(self) -> Fraction:
        result = self.sum()
        assert not self.rest, f"{self.entry.expression!r} goes on after its end: {self.rest}"
        return result

    def take(self, *wanted: str) -> str | None:
        return self.rest.pop(0) if self.rest and self.rest[0] in wanted else None

    def sum(self) -> Fraction:
        result = self.product()
        while sign := self.take("+", "-"):
            result = result + self.product() if sign == "+" else result - self.product()
        return result

    def product(self) -> Fraction:
        result = self.atom()
        while sign := self.take("x", "/"):
            result = result * self.atom() if sign == "x" else result / self.atom()
        return result

    def atom(self) -> Fraction:
        token = self.rest.pop(0)
        if token == "(":
            result = self.sum()
            assert self.take(")")
            return result
        if token in ("round", "round up", "round down", "min"):
            return self.function(token)
        return Fraction(token) if token[0].isdigit() else self.named(token)

    def function(self, name: str) -> Fraction:
        assert self.take("(")
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        assert self.take(")")
        if name == "min":
            return min(arguments)
        [value] = arguments
        if name == "round up":
            return Fraction(math.ceil(value))
        if name == "round down":
            return oracle.floor_to(value, self.named("increment_ml_per_h"))
        return self.rounded(value)

    def rounded(self, value: Fraction) -> Fraction:
        inputs = self.entry.inputs
        if "increment_ml_per_h" in inputs:
            return oracle.nearest_tie_up(value, self.named("increment_ml_per_h"))
        step, _, unit = str(inputs["rule"]).removeprefix("to ").rpartition(" ")
        if unit in ("mL", "kg", "cm"):
            return oracle.nearest_tie_up(value, Fraction(step))
        return self.rounded_course(value, str(inputs["rule"]))

    def rounded_course(self, grams: Fraction, rule: str) -> Fraction:
        to, direction, *tie = rule.removeprefix("to ").split(", ")
        assert direction == "nearest", rule
        sizes = oracle.product_vials(self.plan.computed_from.product.value.id)
        prefix = self.entry.name.rpartition("dose_g")[0]
        days = next(
            course.days for course in self.plan.phases if f"{course.phase}.".replace("-", "_") == prefix or not prefix
        )
        most = self.most_of_a_day(grams / days)
        if "preferred" in self.entry.inputs:
            return self.preferred_course(grams, sizes, days, most)
        if to == "whole vials":
            assert tie == ["halves down"]
            return self.whole_vials(grams, sizes, days, most)
        if "whole_vials_g" in self.entry.inputs:
            return self.from_opened_vials(grams, sizes, days, most)
        step = oracle.grams(to)
        below = oracle.floor_to(grams, step)
        total = below + step if grams - below > step / 2 else below
        while most is not None and math.ceil(total / step / days) * step > most:
            total -= step  # the next below that keeps the limit of a day
        return total

    def most_of_a_day(self, exact_g: Fraction) -> Fraction | None:
        """The bound as it is printed, to 12 decimals: it never is below what the exact dose puts on a day."""
        printed = self.entry.inputs.get("most_of_a_day_g")
        if printed is None:
            return None
        assert Fraction(printed) > exact_g - Fraction(1, 10**12)
        return max(Fraction(printed), exact_g)

    def smallest_from(self, least: Fraction, sizes: list[Fraction], days: int) -> Fraction:
        """The smallest course of whole vials that is no less: nothing lies between it and the exact dose."""
        tried = least
        while (found := oracle.rounded_course_g(tried, sizes, days)) < least:
            tried += min(sizes) / 4
        return found

    def whole_vials(self, grams: Fraction, sizes: list[Fraction], days: int, most: Fraction | None) -> Fraction:
        nearest = oracle.rounded_course_g(grams, sizes, days)
        instead = self.entry.inputs.get("instead_of_g")
        assert instead is None or Fraction(instead) == nearest
        least = self.entry.inputs.get("least_of_a_course_g")
        if instead is not None and least is not None and nearest < Fraction(least):
            return self.smallest_from(Fraction(least), sizes, days)
        return nearest if instead is None else oracle.whole_course_g(grams, sizes, days, most)

    def preferred_course(self, grams: Fraction, sizes: list[Fraction], days: int, most: Fraction | None) -> Fraction:
        """The fewest vials near the exact dose; what the rule alone would give has to be said beside it."""
        inputs = self.entry.inputs
        said = PREFERRED.fullmatch(str(inputs["preferred"]))
        assert said, inputs["preferred"]
        most_g = Fraction(inputs["most_of_a_course_g"]) if "most_of_a_course_g" in inputs else None
        assert Fraction(inputs["instead_of_g"]) == oracle.rounded_course_g(grams, sizes, days)
        found = oracle.fewest_vials_course(
            grams, sizes, days, Fraction(said[1]) / 100, oracle.grams(said[2]), most, most_g
        )
        self.preferred += found
        return sum(found[0], Fraction(0))

    def from_opened_vials(self, grams: Fraction, sizes: list[Fraction], days: int, most: Fraction | None) -> Fraction:
        inputs = self.entry.inputs
        assert Fraction(inputs["whole_vials_g"]) == oracle.rounded_course_g(grams, sizes, days)
        assert (inputs["within"], str(inputs["rule"]).split(", ")[0]) == ("10 %", "to 0.1 g")
        given, opened = oracle.given_course_g(grams, sizes, days, most)
        assert opened
        return given

    def named(self, name: str) -> Fraction:
        value = self.entry.inputs.get(name)
        if isinstance(value, Decimal):
            return Fraction(value)
        if isinstance(value, str):
            return self.rate_in_words(value)
        assert name in self.known, f"{self.entry.name}: {name} is neither an input nor an earlier line"
        return self.known[name]

    def rate_in_words(self, text: str) -> Fraction:
        rate, times, weight = text.partition(" x ")
        product = self.plan.computed_from.product.value.id
        return oracle.rate_ml_per_h(
            rate, self.known[weight] if times else Fraction(1), oracle.product_mg_per_ml(product)
        )


def check(plan: Plan) -> dict[str, Fraction]:
    """Redo every line; returns the exact value of each."""
    known: dict[str, Fraction] = {}
    shares: dict[str, list[Fraction]] = {}
    preferred: dict[str, list[tuple[Fraction, ...]]] = {}
    for entry in plan.trace:
        assert entry.name not in known, f"{entry.name} is written twice"
        if entry.expression.startswith("vials for "):
            check_vials(entry, known, plan)
        elif entry.expression.startswith("share of "):
            known[entry.name] = Fraction(entry.result)
            shares.setdefault(entry.expression.removeprefix("share of ").split(" / ")[0], []).append(known[entry.name])
        else:
            line = Line(entry, known, plan)
            exact = known[entry.name] = line.value()
            preferred[entry.name] = line.preferred
            places = (PLACES[entry.unit],) if entry.unit in PLACES else (3, 4)
            shown = [oracle.nearest_tie_up(abs(exact), Fraction(1, 10**p)) * (-1 if exact < 0 else 1) for p in places]
            assert Fraction(entry.result) in shown, (
                f"{entry.name} = {entry.expression} is {exact} = {float(exact)}, not {entry.result}"
            )
    for total, days in shares.items():
        if preferred[total]:
            assert tuple(days) in preferred[total]
            continue
        opened = any(entry.name == total and "whole_vials_g" in entry.inputs for entry in plan.trace)
        check_split(known[total], days, plan, opened)
    return known


def check_split(course_g: Fraction, days: Sequence[Fraction], plan: Plan, opened: bool) -> None:
    assert sum(days) == course_g
    assert list(days) == sorted(days, reverse=True)
    policy = plan.computed_from.policy.policy.value
    assert policy.rounding is not None
    if opened:
        assert days[0] - days[-1] <= Fraction(1, 10)
        return
    if str(policy.rounding.to) == "whole vials":
        sizes = oracle.product_vials(plan.computed_from.product.value.id)
        assert days[0] - days[-1] == oracle.least_spread_g(course_g, sizes, len(days))


def check_vials(entry: TraceEntry, known: dict[str, Fraction], plan: Plan) -> None:
    dose_g = known[entry.expression.removeprefix("vials for ")]
    written = {oracle.grams(size): int(n) for n, size in re.findall(r"([0-9]+) x ([0-9.]+ g)", str(entry.result))}
    assert written == oracle.best_vials(dose_g, oracle.product_vials(plan.computed_from.product.value.id))
    assert Fraction(entry.inputs["leftover_g"]) == sum(size * n for size, n in written.items()) - dose_g
