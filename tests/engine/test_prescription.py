"""What an order and a protocol settle together: to which phase the order speaks, and what is left to ask."""

from fractions import Fraction
from pathlib import Path

import helpers
import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError, RequestError

OTHER_INTERVAL = {"override": ["interval-outside-regimen=as the prescriber wrote"]}
START = {"start": "2026-12-01"}


def grams(made: Plan) -> list[str]:
    return [str(session.dose_g) for session in made.sessions]


# ---- phases ----------------------------------------------------------------------------------------------------------


CIDP = {"age": "40y", "start": "2026-12-01"}


def test_an_interval_speaks_to_the_phase_that_has_one() -> None:
    """Loading is one course, so "every 4 weeks" is about maintenance, for which 3 weeks are printed."""
    with pytest.raises(RequestError) as asked:
        helpers.plan("cidp", "privigen-us", "70kg", **CIDP, courses="5", every="4 weeks")
    assert asked.value.code == "dose-basis-needed"
    with pytest.raises(RefusedError) as refused:
        helpers.plan("cidp", "privigen-us", "70kg", **CIDP, courses="5", every="4 weeks", dose_basis="course")
    assert refused.value.codes == ("interval-outside-regimen",)
    made = helpers.plan("cidp", "privigen-us", "70kg", **CIDP, courses="3", every="4 weeks", dose_basis="course", override=["interval-outside-regimen=shared clinic"])  # fmt: skip
    assert [(phase.phase, phase.interval) for phase in made.phases] == [("loading", None), ("maintenance", "4 weeks")]
    assert [str(s.on) for s in made.sessions if s.day == 1] == ["2026-12-01", "2026-12-29", "2027-01-26"]
    assert [notice.message for notice in helpers.notices(made, "dose-basis")] == [
        "1 g/kg is given for each course every 4 weeks: 1 g/kg in 4 weeks"
    ]


def test_a_phase_can_be_planned_alone() -> None:
    """A patient who had the loading course elsewhere: 1 g/kg every 3 weeks from the first course on."""
    made = helpers.plan("cidp", "privigen-us", "70kg", **CIDP, courses="2", phase="maintenance")
    assert [(phase.phase, phase.courses, phase.interval) for phase in made.phases] == [("maintenance", 2, "3 weeks")]
    assert grams(made) == ["70", "70"]
    assert grams(helpers.plan("cidp", "privigen-us", "70kg", age="40y", phase="maintenance")) == ["70"]
    with pytest.raises(RefusedError, match="or plan maintenance alone with --phase"):
        helpers.plan("cidp", "privigen-us", "70kg", age="40y", dose="1 g/kg")
    with pytest.raises(RequestError, match="no phase 'upkeep'; allowed: loading, maintenance"):
        helpers.plan("cidp", "privigen-us", "70kg", age="40y", phase="upkeep")
    with pytest.raises(RequestError, match="allowed: none, it has no phases"):
        helpers.plan("dermatomyositis", "octagam-10-us", "70kg", age="40y", phase="loading")


def test_days_speak_to_every_phase_that_allows_them() -> None:
    """Ontario prints loading over 2 to 5 days, and no number of days for maintenance."""
    order = {**CIDP, "courses": "2", "every": "3 weeks"}
    made = helpers.plan("cidp:ontario", "privigen-us", "70kg", height="175cm", **order, days="5")
    assert [(phase.phase, phase.days) for phase in made.phases] == [("loading", 5), ("maintenance", 5)]
    assert helpers.plan("cidp:ontario", "privigen-us", "70kg", height="175cm", age="40y", days="5").phases[0].days == 5
    made = helpers.plan("cidp:ontario", "privigen-us", "70kg", height="175cm", **order, days="1")
    assert [(phase.phase, phase.days) for phase in made.phases] == [("loading", 2), ("maintenance", 1)]


# ---- what nobody printed is asked for --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regimen", "words", "says"),
    [
        ("primary-immunodeficiency:us-label-privigen", {}, "publishes a range, 0.2 g/kg to 0.8 g/kg per course"),
        ("dermatomyositis:dalakas", {}, "does not print over how many days"),
        ("cidp:ean-pns-2021", {"days": "2", "start": "2026-12-01", "courses": "9"}, "publishes a range"),
    ],
)
def test_what_nobody_printed_is_asked_for(regimen: str, words: dict[str, str], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        helpers.plan(regimen, "privigen-us", "70 kg", **words)


def test_days_that_settle_the_dose_are_asked_for() -> None:
    """0.4 g/kg on each of 2 to 5 days is 0.8 to 2 g/kg in all: nobody but the prescriber can choose."""
    with pytest.raises(RequestError, match=r"0.4 g/kg on each of 2 to 5 days.*give --days") as asked:
        helpers.plan("itp:smpc-split", "privigen-eu", "70kg", age="40y")
    assert asked.value.code == "days-needed"
    assert helpers.plan("itp:smpc-split", "privigen-eu", "70kg", age="40y", days="5").course.prescribed_g == 140


def test_another_interval_must_say_what_the_dose_is_for() -> None:
    with pytest.raises(RequestError, match="--dose-basis course or --dose-basis 4-weeks"):
        helpers.adult(every="2 weeks", courses="2", **START, **OTHER_INTERVAL)


# ---- a dose of four weeks --------------------------------------------------------------------------------------------


def test_a_dose_per_four_weeks_is_scaled_to_the_interval() -> None:
    """2 g/kg in four weeks is 1 g/kg every two: 72 g, not 144 g."""
    found = helpers.adult(every="2 weeks", dose_basis="4-weeks", courses="2", **START, **OTHER_INTERVAL)
    assert found.course.prescribed_g == 72
    assert "2 g/kg per 4 weeks is 1 g/kg for each course every 2 weeks" in helpers.notice(found, "dose-basis").message


@pytest.mark.parametrize(
    ("every", "grams"), [("3 weeks", "108"), ("6 weeks", "216"), ("10 days", "51.43"), ("28 days", "144")]
)
def test_the_scaling_is_by_days(every: str, grams: str) -> None:
    """144 g in 28 days: 21 days 108 g, 42 days 216 g, 10 days 51.43 g."""
    unusual = {} if every == "28 days" else OTHER_INTERVAL
    found = helpers.adult(every=every, dose_basis="4-weeks", courses="2", **START, **unusual)
    assert str(found.course.prescribed_g) == grams


def test_a_dose_of_four_weeks_is_shared_out_exactly() -> None:
    """49 g in 28 days are 17.5 g in 10: half-way between 17 and 18 g, and a tie goes down."""
    made = helpers.any_course("octagam-10-us", "49kg", "1 g/kg", every="10 days", dose_basis="4-weeks", days="1")
    assert Fraction(made.course.prescribed_g) == Fraction(49 * 10, 28)
    assert grams(made) == ["17"]


def test_a_dose_per_four_weeks_is_scaled_to_the_protocols_own_interval_too(tmp_path: Path) -> None:
    """The protocol gives courses every two weeks; an order of 2 g/kg in four weeks is 1 g/kg each, also where --every is left out."""
    own = helpers.own_regimen(
        tmp_path,
        "    dose: {per_course: {from: 0.5 g/kg, to: 2 g/kg}}\n    days: {from: 2, to: 5}\n    interval: {every: 2 weeks}\n",
    )
    words = {"regimen": own, "dose": "2 g/kg", "dose_basis": "4-weeks", "courses": "2", **START}
    assert helpers.adult(**words).course.prescribed_g == 72
    assert helpers.adult(**words, every="2 weeks").course.prescribed_g == 72


def test_a_published_dose_of_another_interval_is_not_taken_for_four_weeks(tmp_path: Path) -> None:
    own = helpers.own_regimen(
        tmp_path, "    dose: {per_course: 1 g/kg}\n    days: {from: 1, to: 2}\n    interval: {every: 3 weeks}\n"
    )
    with pytest.raises(RequestError, match="is not printed for four weeks: give --dose"):
        helpers.adult(regimen=own, every="2 weeks", dose_basis="4-weeks", courses="2", **START)


def test_scaling_needs_an_interval_in_days() -> None:
    with pytest.raises(RequestError, match="needs an interval in days or weeks, not 2 months"):
        helpers.adult(every="2 months", dose_basis="4-weeks", courses="2", **START, **OTHER_INTERVAL)
    with pytest.raises(RequestError, match="needs an interval in days or weeks, with --every"):
        helpers.plan("toxic-epidermal-necrolysis:prins-2003", "octagam-10-us", "72kg", dose_basis="4-weeks", **START)


# ---- days and intervals that are printed by one end, or for a risk ---------------------------------------------------


ONE_END = """\
    dose: {per_course: 2 g/kg}
    days: {to: 5}
    apart: {at_least: 2 weeks, note: no interval is printed}
"""
TWO_FOR_THE_HEART = """\
    dose: {per_course: 2 g/kg}
    days: {from: 1, to: 3, at_risk: {risks: [cardiac], days: 2}}
"""
MIDDLE_AGED = {"age": "40y"}


def test_days_of_which_only_the_most_is_printed_are_asked_for(tmp_path: Path) -> None:
    path = helpers.own_regimen(tmp_path, ONE_END)
    with pytest.raises(
        RequestError, match=r"prints at most 5 days for a course, and not how few: give --days"
    ) as asked:
        helpers.plan(path, "octagam-10-us", "70kg", **MIDDLE_AGED)
    assert asked.value.code == "days-needed"
    assert grams(helpers.plan(path, "octagam-10-us", "70kg", **MIDDLE_AGED, days="2")) == ["70", "70"]
    refused = helpers.refusal(helpers.plan, path, "octagam-10-us", "70kg", **MIDDLE_AGED, days="7")
    assert refused.codes == ("days-outside-regimen",)
    assert "7 days is outside the protocol's at most 5 days" in str(refused)


def test_courses_closer_than_is_printed_are_stopped(tmp_path: Path) -> None:
    order = {**MIDDLE_AGED, "days": "2", "courses": "2", **START}
    path = helpers.own_regimen(tmp_path, ONE_END)
    with pytest.raises(RequestError, match="publishes an interval of at least 2 weeks: give --every") as asked:
        helpers.plan(path, "octagam-10-us", "70kg", **order)
    assert asked.value.code == "interval-needed"
    refused = helpers.refusal(helpers.plan, path, "octagam-10-us", "70kg", **order, every="13 days")
    assert refused.codes == ("interval-outside-regimen",)
    made = helpers.plan(path, "octagam-10-us", "70kg", **order, every="14 days")
    assert [str(session.on) for session in made.sessions if session.day == 1] == ["2026-12-01", "2026-12-15"]


def test_the_closest_that_is_printed_is_held_against_the_last_infusion(tmp_path: Path) -> None:
    """24 November is at the latest day 5 of a course of 20 November, which is 14 days before 4 December."""
    path = helpers.own_regimen(tmp_path, ONE_END)
    order = {**MIDDLE_AGED, "days": "1", "dose": "2 g/kg/course", **START}
    made = helpers.plan(path, "octagam-10-us", "70kg", **order, last_infusion="2026-11-24")
    assert helpers.notice(made, "courses-close").limit == "10 days"
    long_ago = helpers.plan(path, "octagam-10-us", "70kg", **order, last_infusion="2026-11-16")
    assert not helpers.notices(long_ago, "courses-close")


def test_the_days_that_are_printed_for_a_risk_are_taken(tmp_path: Path) -> None:
    """60 kg: 120 g in one day, or 60 g on each of two where the heart is at risk."""
    path = helpers.own_regimen(tmp_path, TWO_FOR_THE_HEART)
    assert grams(helpers.plan(path, "octagam-10-us", "60kg", **MIDDLE_AGED)) == ["120"]
    assert grams(helpers.plan(path, "octagam-10-us", "60kg", **MIDDLE_AGED, risk=["renal"])) == ["120"]
    made = helpers.plan(path, "octagam-10-us", "60kg", **MIDDLE_AGED, risk=["cardiac"])
    assert grams(made) == ["60", "60"]
    assert helpers.notice(made, "days-chosen").message == "2 days: printed for patients at cardiac risk"
    assert not helpers.notices(made, "risk-days")


@pytest.mark.parametrize(("days", "stopped"), [("1", True), ("2", False), ("3", True)])
def test_other_days_than_those_of_the_risk_are_stopped(tmp_path: Path, days: str, stopped: bool) -> None:
    path = helpers.own_regimen(tmp_path, TWO_FOR_THE_HEART)
    order: dict[str, object] = {**MIDDLE_AGED, "days": days}
    assert len(helpers.plan(path, "octagam-10-us", "60kg", **order).sessions) == int(days)
    order["risk"] = ["cardiac"]
    if not stopped:
        assert len(helpers.plan(path, "octagam-10-us", "60kg", **order).sessions) == 2
        return
    refused = helpers.refusal(helpers.plan, path, "octagam-10-us", "60kg", **order)
    assert refused.codes == ("days-outside-regimen",)
    assert f"for a patient at cardiac risk the protocol prints 2 days, not {days}" in str(refused)
