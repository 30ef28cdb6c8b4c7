"""An order in one line: what each word says, what is not understood and where, and that it reads back to the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from helpers import plan, refusal
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc import library
from ivigcalc.api import plan_form
from ivigcalc.errors import IvigcalcError, RequestError
from ivigcalc.quantity import Quantity
from ivigcalc.request.form import Form
from ivigcalc.request.read import read_form
from ivigcalc.request.request import OrderedDose, Treatment
from ivigcalc.request.shorthand import read_order
from ivigcalc.request.written import write_order

GRAMS = OrderedDose(Quantity(Decimal(2), "g/kg"))
A_DAY = OrderedDose(Quantity(Decimal("0.4"), "g/kg"), "day")
WEEKS, DAYS = Quantity(Decimal(4), "week"), Quantity(Decimal(28), "day")


@pytest.mark.parametrize(
    ("line", "treatment"),
    [
        ("2 g/kg over d1-2 q28d x6", Treatment(dose=GRAMS, days=2, every=DAYS, courses=6)),
        ("2 g/kg over d1\u20132 q28d \u00d76", Treatment(dose=GRAMS, days=2, every=DAYS, courses=6)),
        ("2 g/kg d1\u2212d2 q28d \u00d7 6", Treatment(dose=GRAMS, days=2, every=DAYS, courses=6)),
        ("2g/kg d1-d2 q4w x 6", Treatment(dose=GRAMS, days=2, every=WEEKS, courses=6)),
        ("2 g/kg over 2 days every 4 weeks, 6 courses", Treatment(dose=GRAMS, days=2, every=WEEKS, courses=6)),
        ("0.4 g/kg/day d1-5", Treatment(dose=A_DAY, days=5)),
        ("0,4 g/kg/day d1-5", Treatment(dose=A_DAY, days=5)),
        ("0.4 g/kg / d for 5 days", Treatment(dose=A_DAY, days=5)),
        ("70 g d1 over 12 h", Treatment(dose=OrderedDose(Quantity(Decimal(70), "g")), days=1, over=Quantity(Decimal(12), "h"))),
        ("X6 Q4W D1", Treatment(days=1, every=WEEKS, courses=6)),
        ("2 g/kg monthly", Treatment(dose=GRAMS, every=Quantity(Decimal(1), "month"))),
        ("2 g/kg q2w per 4 weeks", Treatment(dose=GRAMS, every=Quantity(Decimal(2), "week"), dose_basis="4-weeks")),
        ("maintenance 2 g/kg", Treatment(phase="maintenance", dose=GRAMS)),
    ],
)  # fmt: skip
def test_a_line_says(line: str, treatment: Treatment) -> None:
    assert read_order(line) == (treatment,)


def test_then_begins_the_next_phase() -> None:
    loading = Treatment(phase="loading", dose=GRAMS, days=5)
    after = Treatment(
        dose=OrderedDose(Quantity(Decimal(1), "g/kg")), days=1, every=Quantity(Decimal(21), "day"), courses=8
    )
    for line in ("loading 2 g/kg d1-5, then 1 g/kg d1 q21d x8", "loading 2 g/kg d1-5; 1 g/kg d1 q21d x8"):
        assert read_order(line) == (loading, after)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("2 g/kg d1-2 foo x6", "foo"),
        ("2 g/kg q28x", "q28x"),
        ("2 g/kg d2-5", "d2-5"),
        ("2 g/kg d1-40", "d1-40"),
        ("2 g/kg 3 g/kg", "3 g/kg"),
        ("2 g/kg d1-2 over 3 days", "over 3 days"),
        ("2 kg d1", "2 kg"),
        ("2 g/kg x0", "x0"),
        ("2 g/kg biweekly", "biweekly"),
        ("2 g/kg over 30 h", "over 30 h"),
        ("0 g/kg", "0 g/kg"),
        ("2 g/kg loading d1", "loading"),
        ("2,500 g/kg", "2,500 g/kg"),
        ("loading", "loading"),
        ("2 g/kg/week", "2 g/kg/week"),
    ],
)
def test_the_caret_stands_below_the_word_that_is_not_understood(line: str, word: str) -> None:
    with pytest.raises(ValueError, match=r"'") as refused:
        read_order(line)
    said, shown, carets = str(refused.value).splitlines()
    assert said.startswith(f"'{word}' is ")
    assert (shown, carets) == (f"  {line}", f"  {' ' * line.index(word)}{'^' * len(word)}")


@pytest.mark.parametrize(
    "line", ["", "  ", "then", "2 g/kg then", "then 2 g/kg", "2 g/kg, then then 1 g/kg", "x" * 401]
)
def test_a_part_that_orders_nothing_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"nothing is ordered|longer than 400"):
        read_order(line)


@given(st.text(max_size=80))
def test_whatever_is_typed_is_read_or_refused(line: str) -> None:
    with suppress(ValueError):
        assert all(part != Treatment() for part in read_order(line))


amounts = st.builds(
    Quantity, st.integers(1, 400).map(lambda n: Decimal(n) / 100), st.sampled_from(["g/kg", "mg/kg", "g", "mg"])
)
treatments = st.builds(
    Treatment,
    phase=st.sampled_from([None, "loading", "maintenance"]),
    dose=st.builds(OrderedDose, amounts, st.sampled_from([None, "day", "course"])),
    days=st.none() | st.integers(1, 31),
    over=st.none() | st.builds(Quantity, st.integers(1, 24).map(Decimal), st.sampled_from(["h", "min"])),
    every=st.none() | st.builds(Quantity, st.integers(1, 40).map(Decimal), st.sampled_from(["day", "week", "month"])),
    dose_basis=st.sampled_from([None, "course", "4-weeks"]),
    courses=st.none() | st.integers(1, 200),
)


@given(st.lists(treatments, min_size=1, max_size=4).map(tuple))
def test_what_is_written_reads_back(said: tuple[Treatment, ...]) -> None:
    assert read_order(write_order(said)) == said


# ---- as an order ----------------------------------------------------------------------------------------------------


def order_of(**words: Any) -> Any:
    return read_form(Form(weight="70kg", **words), "schedule", on=None).order


def test_a_line_is_the_same_order_as_its_options() -> None:
    line = order_of(order="2 g/kg over d1-2 q28d x6", start="2026-12-01")
    assert line == order_of(dose="2 g/kg", days="2", every="28 days", courses="6", start="2026-12-01")


def test_options_may_say_what_the_line_does_not() -> None:
    assert order_of(order="2 g/kg d1-2", courses="6", start="2026-12-01").courses == 6


@pytest.mark.parametrize(
    ("line", "option"),
    [("2 g/kg d1-2", "days"), ("2 g/kg", "dose"), ("x3", "courses"), ("2 g/kg, then 1 g/kg", "days")],
)
def test_what_is_said_twice_is_refused(line: str, option: str) -> None:
    words = {"dose": "1 g/kg", "days": "2", "courses": "6"}
    with pytest.raises(RequestError, match=rf"--order says it as well: leave out --{option}") as refused:
        order_of(order=line, start="2026-12-01", **{option: words[option]})
    assert refused.value.code == "said-twice"


def test_each_phase_is_given_what_was_ordered_for_it() -> None:
    """70 kg: 2 g/kg over 5 days is 140 g, then three times 1 g/kg on one day, 21 days apart."""
    made = plan("cidp", "privigen-us", "70kg", start="2026-12-01", order="loading 2 g/kg d1-5, then 1 g/kg d1 q21d x3")
    assert [(phase.phase, phase.dose_g, phase.days, phase.courses) for phase in made.phases] == [
        ("loading", 140, 5, 1),
        ("maintenance", 70, 1, 3),
    ]
    assert [str(s.on) for s in made.sessions if s.day == 1] == ["2026-12-01", "2026-12-22", "2027-01-12", "2027-02-02"]


@pytest.mark.parametrize("line", ["2 g/kg d1-2 q28d", "2 g/kg d1-2 x6", "2 g/kg d1-2, then 1 g/kg d1"])
def test_a_dose_without_dates_is_of_one_course(line: str) -> None:
    """144 g for 72 kg, once; what the line says beyond that is not passed over."""
    with pytest.raises(RequestError, match=r"dose works out one course"):
        read_form(Form(weight="72kg", order=line), "dose", on=None)
    assert read_form(Form(weight="72kg", order="2 g/kg d1-2"), "dose", on=None).order.days == 2


@pytest.mark.parametrize(
    ("regimen", "line", "says"),
    [
        ("dermatomyositis", "2 g/kg d1-2, then 1 g/kg d1", "has no phases"),
        ("cidp", "maintenance 1 g/kg d1, then loading 2 g/kg d1-2", "phase 'loading' is not one of them, or not in that order"),
        ("cidp", "2 g/kg d1-2, then 1 g/kg d1 q3w x2, then 1 g/kg d1", "leave out what is too many"),
    ],
)  # fmt: skip
def test_parts_that_the_protocol_does_not_have_are_refused(regimen: str, line: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        plan(regimen, "privigen-us", "70kg", start="2026-12-01", order=line)


def test_limits_hold_for_each_phase(run: Callable[..., Any]) -> None:
    """3 g/kg is above what the loading phase prints, whoever ordered it in which words."""
    refused = refusal(
        plan, "cidp", "privigen-us", "70kg", start="2026-12-01", order="3 g/kg d1-2, then 1 g/kg d1 q3w x2"
    )
    assert "dose-outside-regimen" in refused.codes


def every_protocol() -> list[str]:
    return [
        f"{name}:{protocol}"
        for name in library.shipped("regimen")
        for protocol in library.regimen(name)[0].value.protocols
    ]


def test_every_plan_prints_a_line_that_gives_the_same_plan_again() -> None:
    """Of every protocol of the library: what the protocol filled in is in the line, so that nothing is left to it."""
    seen = 0
    for regimen in every_protocol():
        form = Form(weight="70kg", age="40y", regimen=regimen, product="privigen-us", start="2026-12-01", courses="3")
        for more in (
            {},
            {"dose": "1 g/kg"},
            {"days": "2"},
            {"every": "4 weeks", "dose": "1 g/kg/course", "days": "2", "dose_basis": "course"},
        ):
            for name in ("dose", "days", "every", "dose_basis"):
                setattr(form, name, more.get(name))
            try:
                first = plan_form(form, "schedule", on=None)
            except IvigcalcError:
                continue
            again = Form(
                **{
                    **_all(form),
                    **dict.fromkeys(("dose", "days", "every", "dose_basis", "courses")),
                    "order": first.order_text,
                }
            )
            second = plan_form(again, "schedule", on=None)
            assert second.order_text == first.order_text
            assert [(s.on, s.dose_g, s.vials) for s in second.sessions] == [
                (s.on, s.dose_g, s.vials) for s in first.sessions
            ], (regimen, first.order_text)
            seen += 1
    assert seen > 100


def _all(form: Form) -> dict[str, Any]:
    return {name: getattr(form, name) for name in Form.__struct_fields__}


def test_a_line_that_is_written_longer_than_it_was_typed_can_be_read_again() -> None:
    """A saved plan has the line as the program writes it, with a blank before each unit."""
    part = "0.923456789g/kg/course d1-2 over 1439.123456789min q21d per course x2"
    short, too_long = ";".join([part] * 5), ";".join([part.replace("q21d per course x2", "q365d per 4 weeks x200")] * 5)
    assert read_order(write_order(read_order(short))) == read_order(short)
    assert len(too_long) < 400
    with pytest.raises(ValueError, match="longer than 400 characters"):
        read_order(too_long)
