"""Words are read exactly, or refused with the option they were said in; what was read is written in words again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from ivigcalc.errors import RequestError
from ivigcalc.quantity import Quantity
from ivigcalc.request.fields import FIELD
from ivigcalc.request.form import Form
from ivigcalc.request.read import check_identity, form_of, read_form
from ivigcalc.request.request import Order, OrderedDose, Patient, Request
from ivigcalc.request.shorthand import read_order

ON = date(2026, 11, 28)
LONG = "x" * 100_000


def read(**words: Any) -> Request:
    """What these words say of a patient of 72 kg who is asked a schedule from 2026-12-01 on."""
    return read_form(Form(**{"weight": "72kg", "start": "2026-12-01", **words}), "schedule", on=ON)


def refused(**words: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        read(**words)
    assert str(caught.value).replace("\n", "").isprintable()
    assert len(str(caught.value)) < 300
    return caught.value


def of(number: str, unit: str) -> Quantity:
    return Quantity(Decimal(number), unit)


#: field -> words, what they say exactly, and the words that say it again
READ: list[tuple[str, Any, Any, Any]] = [
    ("weight", "72kg", of("72", "kg"), "72 kg"),
    ("weight", " 158.50 lbs ", of("158.50", "lb"), "158.5 lb"),
    ("weight", "72,5 kg", of("72.5", "kg"), "72.5 kg"),
    ("weight", "0,725 kg", of("0.725", "kg"), "0.725 kg"),
    ("weight", "11 st", of("11", "st"), "11 st"),
    ("weight", "4500g", of("4500", "g"), "4500 g"),
    ("weighed_on", "2026-11-20", date(2026, 11, 20), "2026-11-20"),
    ("height", "1.75m", of("1.75", "m"), "1.75 m"),
    ("height", "1,75 m", of("1.75", "m"), "1.75 m"),
    ("height", "5ft9in", of("69", "in"), "69 in"),
    ("sex", "female", "female", "female"),
    ("age", "54y", of("54", "year"), "54 years"),
    ("age", "1 mo", of("1", "month"), "1 month"),
    ("age", "10 days", of("10", "day"), "10 days"),
    ("birth_date", "1900-01-01", date(1900, 1, 1), "1900-01-01"),
    ("pregnant", True, True, True),
    ("pre_pregnancy_weight", "62kg", of("62", "kg"), "62 kg"),
    ("previous_weight", "70 kg", of("70", "kg"), "70 kg"),
    ("risk", ("renal", "cardiac"), ("renal", "cardiac"), ("renal", "cardiac")),
    ("condition", ("corn-allergy",), ("corn-allergy",), ("corn-allergy",)),
    ("name", "Zoë 李", "Zoë 李", "Zoë 李"),
    ("patient_id", "=1+1", "=1+1", "=1+1"),
    (
        "order",
        "loading 2 g/kg d1-5; 1 g/kg d1 q3w",
        read_order("loading 2 g/kg d1-5, then 1 g/kg d1 q3w"),
        "loading 2 g/kg d1-5, then 1 g/kg d1 q3w",
    ),
    ("phase", "maintenance", "maintenance", "maintenance"),
    ("dose", "2 g/kg", OrderedDose(of("2", "g/kg")), "2 g/kg"),
    ("dose", "400mg/kg", OrderedDose(of("400", "mg/kg")), "400 mg/kg"),
    ("dose", "0.4 g/kg/day", OrderedDose(of("0.4", "g/kg"), "day"), "0.4 g/kg/day"),
    ("dose", "70g", OrderedDose(of("70", "g")), "70 g"),
    ("dose_basis", "4-weeks", "4-weeks", "4-weeks"),
    ("days", "31", 31, "31"),
    ("over", "12 h", of("12", "h"), "12 h"),
    ("over", "90 min", of("90", "min"), "90 min"),
    ("over", "24 h", of("24", "h"), "24 h"),
    ("every", "4 weeks", of("4", "week"), "4 weeks"),
    ("every", "Every  1 Month", of("1", "month"), "1 month"),
    ("every", "1.5 years", of("1.5", "year"), "1.5 years"),  # 18 months
    ("courses", "200", 200, "200"),
    ("start", "2199-12-31", date(2199, 12, 31), "2199-12-31"),
    ("at", "00:00", 0, "00:00"),
    ("at", "09:05", 9 * 60 + 5, "09:05"),
    ("at", "23:59", 23 * 60 + 59, "23:59"),
    ("infusion", "subsequent", "subsequent", "subsequent"),
    ("last_infusion", "2026-11-30", date(2026, 11, 30), "2026-11-30"),
    ("last_product", "privigen-us", "privigen-us", "privigen-us"),
    ("valid_for", "6 months", of("6", "month"), "6 months"),
    ("override", ("day-dose-over-limit=a = b",), (("day-dose-over-limit", "a = b"),), ("day-dose-over-limit=a = b",)),
    ("override", (' courses-close = "a  b" ',), (("courses-close", "a b"),), ("courses-close=a b",)),
]
#: field, and words that are refused for it
REFUSED: list[tuple[str, tuple[str, ...]]] = [
    ("order", ("", "2 g/kg foo", "then", "x" * 401)),
    (
        "weight",
        (
            "72",
            "",
            " ",
            "kg",
            "1,000kg",
            "1,2,3kg",
            "1.000,5kg",
            "nan",
            "nan kg",
            "inf kg",
            "-72kg",
            "+72kg",
            "0kg",
            "0.0lb",
        ),
    ),
    ("weight", ("7.2e1kg", "1e400kg", "072kg", ".5kg", "72.kg", "72kg72kg", "72mg", "10000g")),
    ("weight", ("72 g/kg", "\u0667\u0662kg", "72\u00a0kg\u200b", "0x48kg", "72_0kg", "1/2kg", "\uff19kg", LONG)),
    ("weight", ("9" * 5000 + "kg",)),
    ("weighed_on", ("", "20 November 2026", "20.11.2026", "20261120", "2026-11-31", "1899-12-31", "2026-11-20T09:00")),
    ("height", ("", "175", "0cm", "0ft0in", "-175cm", "5ft12in", "1,750m", "nan m", LONG)),
    ("sex", ("", "w", "man", "male female", LONG)),
    ("age", ("", "54", "-1y", "54 g", "nan y", "fifty", "1e2y", LONG)),
    ("birth_date", ("", "1899-12-31", "2200-01-01", "72-01-01", LONG)),
    ("pre_pregnancy_weight", ("", "62", "nan kg")),
    ("previous_weight", ("", "80", "0kg")),
    ("risk", ("", "heart", "renal,cardiac")),
    ("condition", ("", "  ", "\x1b[31m", "x" * 201)),
    ("name", ("", "  ", "\x1b[31m", "x" * 201)),
    ("patient_id", ("", "\u202eabc", LONG)),
    ("dose", ("", "2", "2 g/lb", "2g per kg", "two g/kg", "0 g/kg", "-2 g/kg", "nan g/kg", "inf g", "2,000 g/kg")),
    ("dose", ("1e1 g/kg", "2 mL/kg", LONG)),
    ("dose_basis", ("", "month", "4 weeks")),
    ("days", ("", "0", "-1", "1.5", "2-5", "nan", "32", "1e1", "two", "\uff19", " 2", LONG)),
    ("over", ("", "12", "0 h", "-1 h", "24.1 h", "2 days", "twelve hours", "12 kg", LONG)),
    ("every", ("", "biweekly", "Bi-Weekly", "bimonthly", "4", "0 weeks", "-4 weeks", "0.5 weeks", "1.5 days")),
    ("every", ("fortnight", "month", "4 kg", "nan weeks", "4,000 weeks")),
    ("courses", ("", "0", "-1", "201", "9" * 400, "1.0", "six")),
    ("start", ("", "2026-02-29", "2200-01-01", "tomorrow", "\uff12026-12-01")),
    ("at", ("", "24:00", "9:0", "09:60", "09:00:00", "9am")),
    ("infusion", ("", "second")),
    ("last_infusion", ("", "2026-13-01")),
    ("valid_for", ("", "forever", "6")),
    ("override", ("", "courses-close", "courses-close=", "=asked", "Courses=asked", "courses close=asked")),
    ("override", ('courses-close=""', "courses-close=\x07", f"courses-close={LONG}")),
]


def value_of(request: Request, name: str) -> Any:
    field = FIELD[name]
    return getattr(request.patient if field.of == "patient" else request.order, field.key)


@pytest.mark.parametrize(("name", "said", "value", "written"), READ, ids=lambda value: str(value)[:30])
def test_what_is_said_is_read_exactly_and_written_so_that_it_reads_the_same(
    name: str, said: Any, value: Any, written: Any
) -> None:
    request = read(**{name: said})
    assert value_of(request, name) == value
    again = form_of(request, regimen=None, product="octagam-10-us", policy="actual-weight")
    assert getattr(again, name) == written
    assert read_form(again, "schedule", on=ON) == request


@pytest.mark.parametrize(
    ("name", "said"), [(name, word) for name, words in REFUSED for word in words], ids=lambda value: value[:30]
)
def test_what_cannot_be_read_is_refused_by_the_name_of_its_option(name: str, said: str) -> None:
    error = refused(**{name: (said,) if FIELD[name].holds == "many" else said})
    assert str(error).startswith(f"{FIELD[name].option}: ")
    assert (error.field, error.code, error.exit_code) == (name, "bad-request", 2)


def test_every_field_has_words_that_are_read_and_words_that_are_refused() -> None:
    """But for a name that is looked up later, and for yes, of which nothing can be said wrongly."""
    spoken = {name for name, field in FIELD.items() if field.of != "asked"}
    assert {name for name, *_ in READ} == spoken
    assert {name for name, _ in REFUSED} == spoken - {"pregnant", "phase", "last_product"}


def test_what_is_not_said_is_not_there() -> None:
    request = read_form(Form(weight="72kg"), "dose", on=ON)
    assert request == Request("dose", Patient(weight=of("72", "kg")), Order(), on=ON)
    form = form_of(request, regimen=None, product="octagam-10-us", policy="actual-weight")
    unsaid = Form(weight="72 kg", product="octagam-10-us", policy="actual-weight")
    assert form == unsaid


def test_names_are_kept_as_they_were_said() -> None:
    """The protocol is part of the name of a regimen; the names of product and policy are looked up by others."""
    request = read(regimen="cidp:ontario", country="us", product="Privigen", policy="x", phase="loading")
    assert (request.protocol, request.country, request.order.phase) == ("ontario", "US", "loading")
    assert read(regimen="cidp").protocol is None
    written = form_of(request, regimen="cidp:ontario", product="privigen-us", policy="actual-weight")
    assert (written.regimen, written.country) == ("cidp:ontario", "US")
    assert (written.product, written.policy) == ("privigen-us", "actual-weight")


def test_the_same_said_twice_is_said_once() -> None:
    request = read(
        risk=("renal", "renal"), condition=("a", "b", "a"), override=("courses-close=x", 'courses-close="x"')
    )
    assert request.patient.risks == ("renal",)
    assert request.patient.conditions == ("a", "b")
    assert request.order.overrides == (("courses-close", "x"),)


def test_a_weight_is_needed_and_a_first_day_for_dates() -> None:
    error = refused(weight=None)
    assert str(error) == "give the body weight with its unit: --weight 72kg"
    assert (error.field, error.code) == ("weight", "missing")
    error = refused(start=None)
    assert str(error) == "give the first day: --start 2026-12-01"
    assert (error.field, error.code) == ("start", "missing")
    assert read_form(Form(weight="72kg"), "rates", on=ON).order.start is None


def test_an_age_or_a_birth_date() -> None:
    error = refused(age="54y", birth_date="1972-01-01")
    assert (str(error), error.field) == ("give --age or --birth-date, not both", "age")


@pytest.mark.parametrize(
    ("last", "start", "on", "fits"),
    [
        ("2026-11-30", "2026-12-01", None, True),
        ("2026-12-01", "2026-12-01", None, False),
        ("2026-12-02", "2026-12-01", date(2027, 1, 1), False),  # the start, and not the day of asking
        ("2026-11-27", None, date(2026, 11, 28), True),
        ("2026-11-28", None, date(2026, 11, 28), False),
        ("2026-11-28", None, None, True),
    ],
)
def test_the_last_infusion_is_before_the_first_day(last: str, start: str | None, on: date | None, fits: bool) -> None:
    form = Form(weight="72kg", last_infusion=last, start=start)
    if fits:
        assert read_form(form, "rates", on=on).order.last_infusion == date.fromisoformat(last)
    else:
        with pytest.raises(RequestError, match=f"--last-infusion {last} is not before ") as caught:
            read_form(form, "rates", on=on)
        assert caught.value.field == "last_infusion"


# ---- a row whose question was read before ----------------------------------------------------------------------------


def test_the_identity_of_a_row_is_read_as_the_whole_form_is() -> None:
    whose = Form(start="2026-12-01", name="Zoë", patient_id="P1")
    assert check_identity(whose) == read(name="Zoë", patient_id="P1").order.start == date(2026, 12, 1)
    for name, words in (("start", "soon"), ("name", "a\nb"), ("patient_id", " ")):
        wrong = replace(whose, **{name: words})
        with pytest.raises(RequestError) as alone:
            check_identity(wrong)
        with pytest.raises(RequestError) as whole:
            read_form(replace(wrong, weight="72kg"), "schedule", on=ON)
        assert (str(alone.value), alone.value.field) == (str(whole.value), whole.value.field)
    with pytest.raises(RequestError, match="give the first day") as caught:
        check_identity(Form(patient_id="P1"))
    assert caught.value.code == "missing"


def test_orders_of_the_same_words_are_worked_out_once() -> None:
    order = {"dose": "2 g/kg", "days": "2", "override": ("courses-close=x",)}
    assert read(weight="70kg", **order).order is read(weight="80kg", **order).order


def test_no_field_of_a_form_is_left_unread() -> None:
    """Whatever is said of patient and order makes another request."""
    plain = read()
    for name, said, *_ in READ:
        if said not in ("72kg", "2026-12-01"):
            assert read(**{name: said}) != plain, name
    assert set(Form.__struct_fields__) == set(FIELD)
