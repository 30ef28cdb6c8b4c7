"""Each order is planned from its first course on: what was taken by default stays, and what came before it counts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc.engine.plan import Plan, VialCount
from ivigcalc.errors import RefusedError

from .saved import after, dates, first, reaction, session
from .test_order import FOUR_WEEKS

D = Decimal
ON = "2026-12-20"
HEAD = (
    "kind: regimen\nschema: 2\nid: own\nversion: 2026-11-28\ncategory: other\nindication: itp\nsource: house\nsources:\n"
    "  house: {title: Own rule, body: Clinic, locator: here, checked: 2026-11-28, kind: house}\nprotocols:\n"
)
PROTOCOL = (
    "  {name}:\n    evidence: guideline\n    confidence: high\n    dose: {{per_course: 1 g/kg}}\n"
    "    days: {{from: 1, to: 1}}\n    interval: {{every: {every}}}\n    {more}\n"
)


def own(folder: Path, *protocols: tuple[str, str, str]) -> str:
    """The path of a regimen with protocols of 1 g/kg: their name, interval and one more line."""
    path = folder / "own.yaml"
    said = (PROTOCOL.format(name=name, every=every, more=more) for name, every, more in protocols)
    path.write_text(HEAD + "".join(said), encoding="utf-8")
    return str(path)


def said_of(plan: Plan, code: str, begins: str) -> set[int]:
    """The courses of the one notice that says this; none where it is of the whole plan."""
    [found] = [notice for notice in helpers.notices(plan, code) if begins in notice.message]
    return {course for course, _ in found.sessions}


# ---- what was taken by default ----------------------------------------------------------------------------------------


def test_the_protocol_that_was_taken_stays_with_another_product() -> None:
    """Of CIDP the protocol of the product's own label is taken, of another product another; the first order says so."""
    plan = first(regimen="cidp", product="gamunex-c-us", days=None)
    assert first(regimen="cidp", product="privigen-us", days=None).computed_from.protocol == "us-label-privigen"
    changed = after(plan, ON, product="privigen-us", from_course="3")
    assert [segment.plan.computed_from.protocol for segment in changed.segments] == ["us-label-gamunex-c"] * 2
    assert said_of(changed, "default-used", "protocol not given") == {1, 2}


def test_it_stays_in_its_rhythm_too(tmp_path: Path) -> None:
    """Of Octagam every four weeks, of Privigen every two: with Privigen from course 3 on no course is on another day."""
    regimen = own(
        tmp_path, ("four", "4 weeks", "products: [octagam-10-us]"), ("two", "2 weeks", "products: [privigen-us]")
    )
    plan = first(regimen=regimen, days=None, courses="5")
    assert first(regimen=regimen, product="privigen-us", days=None, courses="5").computed_from.protocol == "two"
    changed = after(plan, ON, product="privigen-us", from_course="3")
    assert dates(changed) == ["2026-12-01", "2026-12-29", "2027-01-26", "2027-02-23", "2027-03-23"]


def test_an_indication_that_was_asked_for_names_the_regimen() -> None:
    plan = first(regimen=None, indication="dermatomyositis")
    assert after(plan, ON, new_weight="68kg", from_course="3").phases[-1].dose_g == D(136)


def test_one_infusion_keeps_what_it_is_for() -> None:
    """Octagam in dermatomyositis: 0.6, 1.2 and 2.4 mL/kg/h of 70 kg."""
    words = {"command": "rates", "regimen": None, "indication": "dermatomyositis", "dose": "36g", "start": None}
    plan = first(**words, days=None, courses=None)
    changed = after(plan, "2026-12-01", new_weight="70kg", from_course="1")
    assert helpers.pump_rates(session(changed, "1.1")) == ["42", "84", "168"]


def test_the_protocols_own_weight_holds_with_another_weight(tmp_path: Path) -> None:
    """A woman of 165 cm, by Devine 45.5 + 2.3 x (165 / 2.54 - 60) = 56.91 kg, half-way to 120 kg: 88.45, to 121: 88.95."""
    weight = "dosing_weight: {use: adjusted, ideal: devine-inches, factor: 0.5, when: [BMI >= 30], pregnancy: actual}"
    regimen = own(tmp_path, ("only", "4 weeks", weight))
    words: dict[str, Any] = {"height": "165cm", "sex": "female", "age": "40y", "days": None, "courses": "4"}
    plan = first(regimen=regimen, product="privigen-us", weight="120kg", **words)
    for change, kg in (({"new_weight": "121kg"}, "88.95"), ({"product": "gamunex-c-us"}, "88.45")):
        changed = after(plan, ON, from_course="3", **change)
        assert [phase.dosing_weight_kg for phase in changed.phases] == [D("88.45"), D(kg)]
        assert said_of(changed, "default-used", "policy not given") == set()


def test_the_product_of_the_site_is_that_of_all_courses() -> None:
    plan = first(helpers.a_site(default={"product": "octagam-10-us"}), product=None)
    changed = after(plan, ON, new_weight="68kg", from_course="3")
    assert {found.product for found in changed.sessions} == {"octagam-10-us"}
    assert said_of(changed, "default-used", "product not given") == set()
    other = after(plan, ON, product="privigen-us", from_course="3")
    assert {found.product for found in other.sessions if found.course >= 3} == {"privigen-us"}
    assert said_of(other, "default-used", "product not given") == {1, 2}


# ---- what came before -------------------------------------------------------------------------------------------------

ONE_DAY = {"regimen": "primary-immunodeficiency", "days": "1", "dose": "0.4 g/kg", "every": "4 weeks"}


def test_the_product_before_is_that_of_the_last_session_before() -> None:
    """Gamunex-C, Panzyga for course 3 alone, and Gamunex-C again: both are a change."""
    plan = first(product="gamunex-c-us", **ONE_DAY)
    there = after(plan, ON, product="panzyga-us", from_course="3")
    back = after(there, ON, product="gamunex-c-us", from_course="4")
    said = {
        ": ".join(notice.message.split(": ")[:-1]): notice.sessions for notice in helpers.notices(back, "restart-slow")
    }
    assert said == {
        "course 3: the product changes from gamunex-c-us to panzyga-us": ((3, 1),),
        "the product changes from panzyga-us to gamunex-c-us": ((4, 1),),
    }


def test_a_gap_before_the_first_course_of_an_order_is_one() -> None:
    """Course 3 is given on 26 January or, moved by 28 days, 8 weeks and a day after the last of course 2."""
    plan = after(first(days="2"), ON, new_weight="68kg", from_course="3")
    assert session(plan, "2.2").on == date(2026, 12, 30)
    for to, slow in (("2027-02-24", False), ("2027-02-25", True)):
        moved = after(plan, ON, missed=("2027-01-26",), to=to, rest="move")
        assert [notice.sessions for notice in helpers.notices(moved, "restart-slow")] == [((3, 1),)] * slow


def test_a_weight_is_six_months_old_on_the_first_day_of_its_own_courses() -> None:
    """Weighed on 1 September: on 26 January that is not six months ago, on 20 April, the day of course 6, it is."""
    plan = first(weighed_on="2026-11-01")
    changed = after(plan, ON, new_weight="71kg", weighed_on="2026-09-01", from_course="3")
    assert not helpers.notices(changed, "weight-stale")
    assert helpers.notices(after(plan, ON, new_weight="71kg", weighed_on="2026-07-25", from_course="3"), "weight-stale")


@pytest.mark.parametrize("place", ["2.3", "3.1", "4.2"])
def test_an_interruption_is_of_the_order_that_gives_the_session(place: str) -> None:
    """Of 36 g in 360 mL at 43.2, 86.4 and 172.8 mL/h, or of 34 g at 40.8, 81.6 and 163.2: after 60 min 64.8 or 61.2 mL."""
    plan = after(first(), ON, new_weight="68kg", from_course="3")
    on = session(plan, place).date
    stopped = session(reaction(plan, "10:00", session=place, on=on), place)
    assert stopped.volume_ml == (D("64.8") if place == "2.3" else D("61.2"))


def test_what_moved_before_the_change_and_after_it_stays_moved() -> None:
    plan = first(days="2")
    moved = after(plan, ON, missed=("2026-12-29",), to="2026-12-31", rest="keep")
    moved = after(moved, ON, missed=("2027-01-26",), to="2027-01-28", rest="keep")
    changed = after(moved, ON, new_weight="68kg", from_course="3")
    assert dates(changed) == dates(moved)
    assert dates(changed)[2:6] == ["2026-12-31", "2027-01-01", "2027-01-28", "2027-01-29"]


# ---- vials ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "now"), [("gamunex-c-us", "panzyga-us"), ("panzyga-us", "gamunex-c-us")])
def test_vials_of_another_product_are_not_taken_from_the_stock(before: str, now: str) -> None:
    """60 kg x 0.5 g/kg = 30 g a course: 3 x 10 g. Two courses take those of one product; the other has 12 for four."""
    words = ONE_DAY | {"dose": "0.5 g/kg", "weight": "60kg", "product": before}
    for held, short in (("12", False), ("11", True)):
        plan = first(helpers.a_site(stock={before: {"10 g": "18"}, now: {"10 g": held}}), **words)
        assert not helpers.notices(plan, "stock-short")
        changed = after(plan, ON, product=now, from_course="3")
        assert bool(helpers.notices(changed, "stock-short")) == short
    stocked = first(helpers.a_site(stock={before: {"10 g": "18"}, now: {"10 g": "12", "5 g": "90"}}), **words)
    drawn = {given.vials for given in after(stocked, ON, product=now, from_course="3").sessions}
    assert drawn == {(VialCount(D(10), 3),)}


# ---- four weeks -------------------------------------------------------------------------------------------------------


def test_what_one_order_comes_to_in_four_weeks_is_said_once(tmp_path: Path) -> None:
    """1.5 g/kg every two weeks are 3 g/kg, overridden when the plan was new; nothing has moved since."""
    limited = helpers.own_regimen(tmp_path, FOUR_WEEKS)
    reason = ("four-week-dose-over-limit=once",)
    plan = first(regimen=limited, dose="1.5 g/kg/course", every="2 weeks", days="2", courses="4", override=reason)
    for now in (plan, after(plan, done=("1.1",))):
        assert len(helpers.notices(now, "four-week-dose-over-limit")) == 1


def test_the_grams_of_four_weeks_are_those_of_the_courses_that_begin_in_them(tmp_path: Path) -> None:
    """72 kg: 72 g every two weeks; 108 g four weeks after the third course, which is two after it: 180 g, above 144 g.
    After 72 g and 72 g nothing is above.
    """
    limited = helpers.own_regimen(tmp_path, FOUR_WEEKS)
    plan = first(regimen=limited, dose="1 g/kg/course", every="2 weeks", days="2", courses="6")
    every = after(plan, ON, every="4 weeks", from_course="4")
    reason = ("four-week-dose-over-limit=once",)
    more = after(every, ON, dose="1.5 g/kg/course", from_course="4", override=reason)
    assert [notice.value for notice in helpers.notices(more, "four-week-dose-over-limit")] == ["180 g"]
    same = after(every, ON, dose="1 g/kg/course", from_course="4")
    assert not helpers.notices(same, "four-week-dose-over-limit")


def test_a_course_of_one_day_that_is_moved_nearer_counts_too(tmp_path: Path) -> None:
    """1 g/kg every two weeks, on one day: given a day earlier the fourth is the third within four weeks of the second."""
    limited = helpers.own_regimen(tmp_path, FOUR_WEEKS)
    plan = first(regimen=limited, dose="1 g/kg/course", every="2 weeks", days="1", courses="4")
    with pytest.raises(RefusedError, match="216 g in four weeks") as caught:
        after(plan, ON, missed=("2027-01-12",), to="2027-01-11", rest="keep")
    assert caught.value.codes == ("four-week-dose-over-limit",)
