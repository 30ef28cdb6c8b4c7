"""What the reader is told though nothing is wrong: fluid of a day, live vaccines, and when to weigh again."""

import helpers
import pytest

START = {"start": "2026-12-01"}


def test_the_fluid_of_the_fullest_day_is_told_per_kilogram() -> None:
    """71.5 kg: 142 g as 71 + 71 g; 710 mL / 71.5 kg = 9.93 mL/kg. No source on file prints a limit, and the plan says so."""
    said = helpers.notice(helpers.adult("71.5kg"), "fluid-load")
    assert (said.level, said.value, said.limit) == ("info", "9.9 mL/kg", None)
    assert "710 mL" in said.message
    assert "no source on file prints a limit" in said.message


@pytest.mark.parametrize(
    ("dose", "per_kg", "wait", "words"),
    [
        ("0.4 g/kg", "0.4 g/kg", "8 months", ""), ("0.2 g/kg", "0.2 g/kg", "8 months", "taken up to the next dose of the table, 0.4 g/kg"),
        ("0.401 g/kg", "0.401 g/kg", "10 months", "taken up to the next dose of the table, 1 g/kg"), ("1 g/kg", "1 g/kg", "10 months", ""),
        ("1.5 g/kg", "1.5 g/kg", "11 months", "taken up to the next dose of the table, 2 g/kg"), ("2 g/kg", "2 g/kg", "11 months", ""),
        ("2.2 g/kg", "2.2 g/kg", "11 months", "above the table, which ends at 2 g/kg"),
    ],
)  # fmt: skip
def test_the_wait_for_live_vaccines_is_told(dose: str, per_kg: str, wait: str, words: str) -> None:
    said = helpers.notice(helpers.any_course("octagam-10-us", "100kg", dose, days="5"), "live-vaccines")
    assert (said.level, said.value, said.limit) == ("info", per_kg, wait)
    assert words in said.message
    assert ("(" in said.message) == bool(words)


def test_the_wait_for_live_vaccines_counts_from_the_last_session() -> None:
    """The second course ends on 30 December 2026; eleven months later is 30 November 2027."""
    assert "not before 2027-11-30" in helpers.notice(helpers.adult(courses="2", **START), "live-vaccines").message


def test_a_long_plan_says_when_to_weigh_again() -> None:
    """Six months after 30 November end on 30 May; courses of four weeks from 1 December reach 15 June with the eighth."""
    found = helpers.notice(
        helpers.adult("72kg", start="2026-12-01", weighed_on="2026-11-30", courses="9"), "weigh-again"
    )
    assert "before course 8 on 2027-06-15" in found.message
    assert "weigh-again" not in helpers.codes(
        helpers.adult("72kg", start="2026-12-01", weighed_on="2026-11-30", courses="7")
    )
