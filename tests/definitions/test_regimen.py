"""Keys of a regimen that limit days and dates: what may be said with them, and what contradicts itself."""

from pathlib import Path

import helpers
import pytest

from ivigcalc import library
from ivigcalc.definitions import Protocol
from ivigcalc.errors import DefinitionError
from ivigcalc.quantity import quantity

DOSE = "    dose: {per_course: 1 g/kg}\n"


def only(folder: Path, body: str) -> Protocol:
    protocol: Protocol = library.load("regimen", helpers.own_regimen(folder, body)).value.protocols["only"]
    return protocol


@pytest.mark.parametrize(
    ("body", "said", "inside", "outside"),
    [
        ("{at_least: 2 weeks}", "at least 2 weeks", ["2 weeks", "1 month", "17 weeks"], ["13 days", "1 week"]),
        ("{at_most: 3 days}", "at most 3 days", ["1 day", "3 days"], ["4 days", "1 week", "1 month"]),
        ("{at_least: 6 weeks, at_most: 4 months}", "at least 6 weeks and at most 4 months", ["6 weeks", "2 months", "4 months"], ["5 weeks", "1 month", "5 months"]),
    ],
)  # fmt: skip
def test_how_far_apart_courses_may_be(
    tmp_path: Path, body: str, said: str, inside: list[str], outside: list[str]
) -> None:
    apart = only(tmp_path, f"{DOSE}    apart: {body}\n").stages[0].apart
    assert apart is not None
    assert str(apart) == said
    assert [every for every in inside + outside if apart.allows(quantity(every, "days", "months"))] == inside


def test_days_of_which_only_the_most_is_printed(tmp_path: Path) -> None:
    days = only(tmp_path, f"{DOSE}    days: {{to: 5}}\n").days
    assert days is not None
    assert (str(days), days.fewest, days.single) == ("at most 5", 1, None)
    assert [number for number in range(1, 8) if days.allow(number)] == [1, 2, 3, 4, 5]


def test_days_for_a_risk(tmp_path: Path) -> None:
    days = only(tmp_path, f"{DOSE}    days: {{from: 1, to: 2, at_risk: {{risks: [cardiac, renal], days: 2}}}}\n").days
    assert days is not None
    for risks, number in (((), None), (("thrombosis",), None), (("renal",), 2), (("thrombosis", "cardiac"), 2)):
        printed = days.for_risks(risks)
        assert (printed and printed.days) == number


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("    apart: {note: by response}\n", 16, "give at_least, at_most or both"),
        ("    apart: {at_least: 4 weeks, at_most: 3 weeks}\n", 16, "4 weeks is above 3 weeks"),
        ("    apart: {at_least: 2 weeks}\n    interval: {every: 4 weeks}\n", 16, "give one of the two"),
        ("    days: {from: 6, to: 5}\n", 16, "'from' must not be above 'to'"),
        ("    days: {from: 1, to: 2, at_risk: {risks: [cardiac], days: 3}}\n", 16, "3 is not among the 1 to 2 days"),
        ("    days: {from: 1, to: 2, at_risk: {risks: [], days: 2}}\n", 16, "at least one entry"),
        ("    days: {from: 1, to: 2, at_risk: {risks: [age], days: 2}}\n", 16, "cardiac"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, body: str, line: int, message: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        only(tmp_path, DOSE + body)
    (problem,) = refused.value.problems
    assert problem.line == line
    assert message in f"{problem.message} {problem.allowed}"
