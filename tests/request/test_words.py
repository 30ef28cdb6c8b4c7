"""What is typed at the command line is read in one way, or refused with the option that it was said in."""

from collections.abc import Callable
from typing import Any

import helpers
import pytest

from ivigcalc.errors import RequestError

OCTAGAM_72_KG = ("octagam-10-us", "dermatomyositis", "72kg", "72g")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"weight": "70"}, "weight"), ({"weight": ""}, "weight"), ({"height": "175"}, "height"), ({"sex": "w"}, "sex"), ({"age": "40"}, "age"), ({"age": "-1y"}, "age"),
        ({"birth_date": "01/02/1980"}, "birth_date"), ({"birth_date": "1980-02-30"}, "birth_date"), ({"age": "40y", "birth_date": "1980-01-01"}, "age"),
        ({"days": "0"}, "days"), ({"days": "2.5"}, "days"), ({"days": "32"}, "days"), ({"days": "-2"}, "days"), ({"courses": "0"}, "courses"), ({"courses": "201"}, "courses"),
        ({"start": "2026-12-1"}, "start"), ({"start": "1.12.2026"}, "start"), ({"start": "2026-02-29"}, "start"), ({"start": "tomorrow"}, "start"), ({"start": "20261201"}, "start"),
        ({"start": "2026-12-01", "at": "9:0"}, "at"), ({"start": "2026-12-01", "at": "24:00"}, "at"), ({"start": "2026-12-01", "at": "09:60"}, "at"), ({"start": "2026-12-01", "at": "9 am"}, "at"),
        ({"every": "month"}, "every"), ({"every": "0 weeks"}, "every"), ({"every": "1.5 weeks"}, "every"), ({"every": "bimonthly"}, "every"), ({"every": "4"}, "every"),
        ({"infusion": "second"}, "infusion"), ({"risk": ["kidney"]}, "risk"), ({"dose_basis": "month"}, "dose_basis"), ({"dose": "2 mL"}, "dose"), ({"dose": "2"}, "dose"),
        ({"name": "a\nb"}, "name"), ({"patient_id": "x" * 201}, "patient_id"), ({"name": " "}, "name"), ({"name": "a\u202eb"}, "name"),
        ({"regimen": "dermatomyositis:nobody"}, "regimen"), ({"regimen": "dermatomyosits"}, "regimen"), ({"policy": "nobody"}, "policy"),
    ],
)  # fmt: skip
def test_every_refusal_names_the_option_at_fault(words: dict[str, Any], field: str) -> None:
    words = {"regimen": "dermatomyositis", "weight": "70 kg"} | words
    with pytest.raises(RequestError) as caught:
        helpers.plan(words.pop("regimen"), "octagam-10-us", words.pop("weight"), **words)
    assert caught.value.field == field
    assert caught.value.exit_code == 2


def test_a_bare_weight_is_refused_with_both_readings(refuses: Callable[..., str]) -> None:
    said = refuses(2, "dose", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "154")
    assert "154 kg, or 154 lb (= 69.9 kg)" in said  # 154 x 0.45359237 = 69.853


@pytest.mark.parametrize(
    "text",
    [
        "01/12/2026",
        "12-01-2026",
        "2026-13-01",
        "2026-02-30",
        "26-12-01",
        "20261201",
        "2026-12-1",
        "tomorrow",
        "2026-12-01T09:00",
        "1899-12-31",
        "2200-01-01",
        "0000-01-01",
        "",
    ],
)
@pytest.mark.parametrize("option", ["--start", "--weighed-on", "--birth-date", "--last-infusion"])
def test_only_one_way_to_write_a_date(text: str, option: str, refuses: Callable[..., str]) -> None:
    said = refuses(
        2,
        "schedule",
        "-r",
        "dermatomyositis",
        "-p",
        "octagam-10-us",
        "--weight",
        "72kg",
        *([] if option == "--start" else ["--start", "2026-12-01"]),
        option,
        text,
    )
    why = {"2026-02-30": "is no day of the calendar", "": "is empty; give it"}
    assert why.get(text, "is not a date as YYYY-MM-DD") in said


@pytest.mark.parametrize("text", ["9:0", "9.30", "24:00", "09:60", "9am", "0900", "09:00:00", "-1:00"])
def test_a_time_is_hours_and_two_minutes(text: str, refuses: Callable[..., str]) -> None:
    assert "is not a clock time as HH:MM" in refuses(
        2,
        "rates",
        "-p",
        "octagam-10-us",
        "--indication",
        "dermatomyositis",
        "--weight",
        "72kg",
        "--dose",
        "72g",
        "--at",
        text,
    )


@pytest.mark.parametrize("every", ["biweekly", "bi-weekly", "bimonthly", "Bi-Monthly", "every biweekly"])
def test_words_that_mean_two_intervals_are_refused(every: str, refuses: Callable[..., str]) -> None:
    said = refuses(
        2,
        "schedule",
        "-r",
        "dermatomyositis",
        "-p",
        "octagam-10-us",
        "--weight",
        "72kg",
        "--start",
        "2026-12-01",
        "--every",
        every,
    )
    assert "means two things" in said or "is not a number with its unit" in said


def test_a_last_infusion_that_is_not_in_the_past_is_refused() -> None:
    with pytest.raises(RequestError, match="--last-infusion 2026-12-01 is not before 2026-12-01"):
        helpers.rates(*OCTAGAM_72_KG, start="2026-12-01", last_infusion="2026-12-01")
