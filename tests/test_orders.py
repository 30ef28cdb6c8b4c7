"""To which part of a protocol an order speaks, and what is said where it leaves something to the program."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from helpers import a_site, any_course, plan

from ivigcalc.api import plan_form
from ivigcalc.definitions import Rounding
from ivigcalc.engine.dose import Prescribed, plan_course
from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.engine.split import vial_grid
from ivigcalc.engine.vials import vial_set
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.quantity import quantity
from ivigcalc.request.form import Form

CIDP = {"age": "40y", "height": "175cm", "start": "2026-12-01"}
OWN = """
kind: regimen
schema: 1
id: house
version: 2026-11-22
title: House list
category: haematology
indication: itp
sources:
  ours: {title: House list, body: us, locator: page 1, checked: 2026-11-22, kind: house}
source: ours
protocols:
  protocol:
    evidence: guideline
    confidence: high
"""


def own(folder: Path, *keys: str) -> str:
    """A regimen of one's own with these keys in its protocol."""
    path = folder / "house.yaml"
    path.write_text(OWN + "".join(f"    {key}\n" for key in keys), encoding="utf-8")
    return str(path)


def grams(made: Plan) -> list[str]:
    return [str(session.dose_g) for session in made.sessions]


def said(made: Plan, code: str) -> list[Notice]:
    return [notice for notice in made.notices if notice.code == code]


# ---- phases --------------------------------------------------------------------------------------------------------


def test_an_interval_speaks_to_the_phase_that_has_one() -> None:
    """Loading is one course, so "every 4 weeks" is about maintenance, for which 3 weeks are printed."""
    with pytest.raises(RequestError) as asked:
        plan("cidp", "privigen-us", "70kg", **CIDP, courses="5", every="4 weeks")
    assert asked.value.code == "dose-basis-needed"
    with pytest.raises(RefusedError) as refused:
        plan("cidp", "privigen-us", "70kg", **CIDP, courses="5", every="4 weeks", dose_basis="course")
    assert refused.value.codes == ("interval-outside-regimen",)
    made = plan("cidp", "privigen-us", "70kg", **CIDP, courses="3", every="4 weeks", dose_basis="course", override=["interval-outside-regimen=shared clinic"])  # fmt: skip
    assert [(phase.phase, phase.interval) for phase in made.phases] == [("loading", None), ("maintenance", "4 weeks")]
    assert [str(s.on) for s in made.sessions if s.day == 1] == ["2026-12-01", "2026-12-29", "2027-01-26"]
    assert [notice.message for notice in said(made, "dose-basis")] == [
        "1 g/kg is given for each course every 4 weeks: 1 g/kg in 4 weeks"
    ]


def test_a_phase_can_be_planned_alone() -> None:
    """A patient who had the loading course elsewhere: 1 g/kg every 3 weeks from the first course on."""
    made = plan("cidp", "privigen-us", "70kg", **CIDP, courses="2", phase="maintenance")
    assert [(phase.phase, phase.courses, phase.interval) for phase in made.phases] == [("maintenance", 2, "3 weeks")]
    assert grams(made) == ["70", "70"]
    assert grams(plan("cidp", "privigen-us", "70kg", age="40y", phase="maintenance")) == ["70"]
    with pytest.raises(RefusedError, match="or plan maintenance alone with --phase"):
        plan("cidp", "privigen-us", "70kg", age="40y", dose="1 g/kg")
    with pytest.raises(RequestError, match="no phase 'upkeep'; allowed: loading, maintenance"):
        plan("cidp", "privigen-us", "70kg", age="40y", phase="upkeep")
    with pytest.raises(RequestError, match="allowed: none, it has no phases"):
        plan("dermatomyositis", "octagam-10-us", "70kg", age="40y", phase="loading")


def test_the_last_infusion_is_held_against_the_interval_of_the_phase_that_is_planned() -> None:
    """Maintenance every 3 weeks: 14 days after the last infusion are too few, 21 are not."""
    late = plan("cidp", "privigen-us", "70kg", **CIDP, phase="maintenance", last_infusion="2026-11-10")
    assert not said(late, "courses-close")
    soon = plan("cidp", "privigen-us", "70kg", **CIDP, phase="maintenance", last_infusion="2026-11-17")
    assert [notice.level for notice in said(soon, "courses-close")] == ["caution"]


def test_days_speak_to_every_phase_that_allows_them() -> None:
    """Ontario prints loading over 2 to 5 days, and no number of days for maintenance."""
    order = {**CIDP, "courses": "2", "every": "3 weeks"}
    made = plan("cidp:ontario", "privigen-us", "70kg", **order, days="5")
    assert [(phase.phase, phase.days) for phase in made.phases] == [("loading", 5), ("maintenance", 5)]
    assert plan("cidp:ontario", "privigen-us", "70kg", age="40y", height="175cm", days="5").phases[0].days == 5
    made = plan("cidp:ontario", "privigen-us", "70kg", **order, days="1")
    assert [(phase.phase, phase.days) for phase in made.phases] == [("loading", 2), ("maintenance", 1)]


def test_more_courses_than_are_printed_are_said() -> None:
    """Kawasaki disease is one course."""
    order = {"age": "5y", "start": "2026-12-01"}
    assert not said(plan("kawasaki", "privigen-us", "20kg", **order), "courses-outside-regimen")
    found = said(plan("kawasaki", "privigen-us", "20kg", **order, courses="6", every="4 weeks"), "courses-outside-regimen")  # fmt: skip
    assert [(n.level, n.value, n.limit) for n in found] == [("caution", "6", "1")]


# ---- caps and days -------------------------------------------------------------------------------------------------


def test_no_day_is_above_the_cap_of_a_day(tmp_path: Path) -> None:
    """1 g/kg at 110 kg is 110 g; the cap of 80 g holds for each day."""
    made = plan(own(tmp_path, "dose: {per_day: 1 g/kg, cap_per_day: 80 g}", "days: {from: 2, to: 2}"), "privigen-us", "110kg")  # fmt: skip
    assert grams(made) == ["80", "80"]
    assert [(n.level, n.limit) for n in said(made, "dose-capped")] == [("caution", "80 g")]
    assert "each day is capped at 80 g" in said(made, "dose-capped")[0].message


def test_a_course_takes_the_days_that_its_daily_cap_needs(tmp_path: Path) -> None:
    """2 g/kg at 110 kg is 220 g: above 2 x 80, within 3 x 80. In vials of 5 g: 75, 75 and 70."""
    made = plan(own(tmp_path, "dose: {per_course: 2 g/kg, cap_per_day: 80 g}", "days: {from: 2, to: 5}"), "privigen-us", "110kg")  # fmt: skip
    assert grams(made) == ["75", "75", "70"]
    assert not said(made, "dose-capped")
    assert "2 days would hold more than 80 g a day" in said(made, "days-chosen")[0].message


def test_the_cap_of_a_course_asks_for_no_more_days(tmp_path: Path) -> None:
    """220 g are capped at 100 g, and 2 x 50 g are below the cap of a day."""
    made = plan(own(tmp_path, "dose: {per_course: 2 g/kg, cap: 100 g, cap_per_day: 80 g}", "days: {from: 2, to: 5}"), "privigen-us", "110kg")  # fmt: skip
    assert grams(made) == ["50", "50"]
    assert [notice.limit for notice in said(made, "dose-capped")] == ["100 g"]


def test_rounding_does_not_lift_a_day_above_its_cap(tmp_path: Path) -> None:
    """2 x 72 g are 144 g; in vials of 5 g that would be 75 + 70, so it is 70 + 70."""
    made = plan(own(tmp_path, "dose: {per_course: 2 g/kg, cap_per_day: 72 g}", "days: {from: 2, to: 2}"), "privigen-us", "110kg")  # fmt: skip
    assert grams(made) == ["70", "70"]
    assert made.course.prescribed_g == 144


@pytest.mark.parametrize(
    ("cap", "days", "doses"),
    [
        ("72 g", "3", ["70", "70", "70"]),  # 3 x 72 are 216 g, but 215 would be 75 + 70 + 70
        ("72 g", "2", ["70", "70"]),
        ("75 g", "3", ["75", "75", "70"]),  # 220 g, which the cap allows
        ("5 g", "3", ["5", "5", "5"]),
        ("9 g", "4", ["5", "5", "5", "5"]),
    ],
)
def test_the_fullest_day_is_the_most_that_whole_vials_make_of_the_cap(
    tmp_path: Path, cap: str, days: str, doses: list[str]
) -> None:
    """2 g/kg at 110 kg in vials of 5 g."""
    regimen = own(tmp_path, f"dose: {{per_course: 2 g/kg, cap_per_day: {cap}}}", "days: {from: 2, to: 5}")
    assert grams(plan(regimen, "privigen-us", "110kg", days=days)) == doses


def test_a_cap_below_the_smallest_vial_is_refused(tmp_path: Path) -> None:
    regimen = own(tmp_path, "dose: {per_course: 2 g/kg, cap_per_day: 3 g}", "days: {from: 2, to: 2}")
    with pytest.raises(RefusedError) as refused:
        plan(regimen, "privigen-us", "110kg")
    assert refused.value.codes == ("dose-not-givable",)


def test_the_fullest_day_under_a_cap_is_one_that_the_vials_can_make() -> None:
    """Vials of 4 and 10 g make 4, 8, 10 and 12 g, but neither 2 nor 6. Under 7 g a day that is 4 g, three times."""
    grid = vial_grid(vial_set((Fraction(4), Fraction(10))))
    prescribed = Prescribed(quantity("2 g/kg", "dose"), False, None, None, quantity("7 g", "amount"))
    rounding = Rounding.model_construct(to="whole vials", direction="nearest", tie="down", small=None, source=None)
    found = plan_course(prescribed, (3,), Fraction(10), grid, rounding, (), chosen_by_order=True)
    assert found.session_doses_g == (4, 4, 4)


@pytest.mark.parametrize("cap", ["10 g", "33 g", "71 g", "80 g"])
@pytest.mark.parametrize("days", ["2", "3", "5"])
@pytest.mark.parametrize("rounding", ["actual-weight", "us-group-health"])
def test_the_cap_of_a_day_holds_whatever_the_rounding(tmp_path: Path, cap: str, days: str, rounding: str) -> None:
    regimen = own(tmp_path, f"dose: {{per_course: 2 g/kg, cap_per_day: {cap}}}", "days: {from: 2, to: 5}")
    made = plan(regimen, "octagam-10-us", "110kg", days=days, policy=rounding)
    assert max(session.dose_g for session in made.sessions) <= Decimal(cap.removesuffix(" g"))


def test_days_that_settle_the_dose_are_asked_for() -> None:
    """0.4 g/kg on each of 2 to 5 days is 0.8 to 2 g/kg in all: nobody but the prescriber can choose."""
    with pytest.raises(RequestError, match=r"0.4 g/kg on each of 2 to 5 days.*give --days") as asked:
        plan("itp:smpc-split", "privigen-eu", "70kg", age="40y")
    assert asked.value.code == "days-needed"
    assert plan("itp:smpc-split", "privigen-eu", "70kg", age="40y", days="5").course.prescribed_g == 140


def test_equal_days_that_whole_vials_make_unequal_are_said() -> None:
    """165 g over 4 days in whole grams are 42 + 41 + 41 + 41; the label says equal daily doses."""
    made = plan("dermatomyositis", "octagam-10-us", "82.5kg", age="50y", days="4")
    assert grams(made) == ["42", "41", "41", "41"]
    assert any("equal days" in notice.message and "42 and 41 g" in notice.message for notice in made.notices)
    even = plan("dermatomyositis", "octagam-10-us", "82kg", age="50y", days="4")
    assert not any("equal days" in notice.message for notice in even.notices)


# ---- a dose of four weeks ------------------------------------------------------------------------------------------


def test_a_dose_of_four_weeks_is_shared_out_exactly() -> None:
    """49 g in 28 days are 17.5 g in 10: half-way between 17 and 18 g, and a tie goes down."""
    made = any_course("octagam-10-us", "49kg", "1 g/kg", every="10 days", dose_basis="4-weeks", days="1")
    assert Fraction(made.course.prescribed_g) == Fraction(49 * 10, 28)
    assert grams(made) == ["17"]


def test_a_dose_of_four_weeks_is_held_against_the_range_of_one_course() -> None:
    """The trial prints 0.2 g/kg each week. 0.2 g/kg in four weeks is a quarter of it; 0.8 g/kg is just that."""
    order = {"start": "2026-12-01", "courses": "2", "dose_basis": "4-weeks", "age": "40y"}
    with pytest.raises(RefusedError) as refused:
        plan("hsct:guided-weekly", "gamunex-c-us", "100kg", dose="0.2 g/kg", **order)
    assert refused.value.codes == ("dose-outside-regimen",)
    assert plan("hsct:guided-weekly", "gamunex-c-us", "100kg", dose="0.8 g/kg", **order).course.prescribed_g == 20


# ---- the last infusion ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [None, "2026-12-01"])
def test_a_long_gap_starts_slowly_with_and_without_a_date(start: str | None) -> None:
    """Without a start, the day of asking is when the infusion is."""
    form = Form(
        weight="70kg", product="qivigy-us", indication="primary-immunodeficiency", dose="400 mg/kg", infusion="subsequent",
        last_infusion="2020-01-01", start=start,
    )  # fmt: skip
    made = plan_form(form, "rates", on=date(2026, 11, 22))
    assert [notice.level for notice in said(made, "restart-slow")] == ["caution"]
    form.infusion, form.last_infusion = "first", None
    first = plan_form(form, "rates", on=date(2026, 11, 22))
    assert made.sessions[0].infusion == first.sessions[0].infusion


# ---- what the program chose ----------------------------------------------------------------------------------------


def test_a_protocol_that_nobody_named_is_said() -> None:
    found = said(plan("itp", "gamunex-c-us", "70kg", age="40y", height="175cm"), "default-used")
    assert [(n.level, "us-label-gamunex-c" in n.message) for n in found if "protocol" in n.message] == [
        ("caution", True)
    ]
    found = said(plan("itp:us-label-gamunex-c", "gamunex-c-us", "70kg", age="40y"), "default-used")
    assert not [n for n in found if "protocol not given" in n.message]
    found = said(plan("dermatomyositis", "octagam-10-us", "72kg", age="54y"), "default-used")
    assert [n.level for n in found if "protocol not given: us-label is the first of" in n.message] == ["info"]


def test_what_the_protocol_says_in_words_is_on_the_plan() -> None:
    """Hours of an infusion and the weight to dose on are printed, but in words only."""
    made = plan("kawasaki:etg", "gammagard-liquid-us", "20kg", age="5y")
    assert any("10 to 12 hours" in notice.message for notice in said(made, "protocol-says"))
    made = plan("mis-c", "privigen-us", "61kg", age="16y")
    assert any("deal body weight" in notice.message for notice in said(made, "protocol-says"))


# ---- the dosing weight ---------------------------------------------------------------------------------------------


def test_a_dosing_weight_above_the_body_is_said() -> None:
    """Devine for a man of 180 cm is 50 + 2.3 x (180 / 2.54 - 60) = 74.99 kg; he weighs 45 kg."""
    thin = {"height": "180cm", "sex": "male", "age": "50y", "policy": "uk-maidstone-mtw"}
    found = said(plan("dermatomyositis", "octagam-10-us", "45kg", **thin), "dosing-weight-above-actual")
    assert [(n.level, n.value, n.limit) for n in found] == [("caution", "74.99 kg", "45 kg")]
    heavy = plan("dermatomyositis", "octagam-10-us", "95kg", **thin)
    assert not said(heavy, "dosing-weight-above-actual")


PREGNANT = """
kind: policy
schema: 1
id: before-pregnancy
version: 2026-11-22
title: The weight before pregnancy
sources:
  ours: {title: House list, body: us, locator: page 1, checked: 2026-11-22, kind: house}
source: ours
dosing_weight: {use: actual, pregnancy: pre-pregnancy}
rounding: {to: whole vials, direction: nearest, tie: down, basis: printed}
"""


def test_a_weight_before_pregnancy_is_held_against_the_same_bounds(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(PREGNANT, encoding="utf-8")
    asked = {"age": "30y", "pregnant": True, "policy": str(policy)}
    made = plan("dermatomyositis", "octagam-10-us", "80kg", pre_pregnancy_weight="70kg", **asked)
    assert (made.dosing_weight.basis, made.course.prescribed_g) == ("pre-pregnancy", 140)
    for slip in ("4kg", "650kg"):
        with pytest.raises(RefusedError) as refused:
            plan("dermatomyositis", "octagam-10-us", "80kg", pre_pregnancy_weight=slip, **asked)
        assert "weight-implausible" in refused.value.codes
    unused = plan("dermatomyositis", "octagam-10-us", "80kg", pre_pregnancy_weight="70kg", age="30y", pregnant=True)
    assert any("before pregnancy is not used" in notice.message for notice in unused.notices)


# ---- whom a caution is about ---------------------------------------------------------------------------------------


def test_a_caution_names_the_sessions_that_it_is_about() -> None:
    order = {
        "age": "54y",
        "start": "2026-12-03",
        "at": "09:00",
        "courses": "3",
        "every": "4 weeks",
        "dose": "500 mg/kg",
    }
    made = plan(
        "primary-immunodeficiency", "qivigy-us", "72kg", **order, infusion="subsequent", last_infusion="2026-09-01", valid_for="1 month",
    )  # fmt: skip
    assert [notice.sessions for notice in said(made, "restart-slow")] == [((1, 1),)]
    assert [notice.sessions for notice in said(made, "order-expired")] == [((3, 1),)]


def test_a_caution_of_the_fullest_day_is_not_about_the_others() -> None:
    """38.2 kg are 76.4 g: 40 + 35 g, with a limit of 1 g/kg = 38.2 g a day. At 80 mL/h a bottle of 400 mL lasts too long."""
    made = plan(
        "dermatomyositis", "privigen-us", "38.2kg", age="54y", days="2", start="2026-12-03", at="09:00", courses="2",
        site=a_site(rate_maximum="80 mL/h"),
    )  # fmt: skip
    for code in ("day-dose-over-limit", "bottle-open-too-long"):
        assert {notice.sessions for notice in said(made, code)} == {((1, 1), (2, 1))}, code


def test_a_risk_for_which_nothing_is_printed_is_said_beside_one_for_which_it_is() -> None:
    """The label of Octagam 10 % prints a rate for renal and thrombosis risk, none for cardiac."""
    made = plan("dermatomyositis", "octagam-10-us", "72kg", age="54y", risk=["renal", "cardiac"])
    assert [notice.value for notice in said(made, "risk-ceiling-applied")] == ["renal"]
    assert [notice.value for notice in said(made, "risk-no-figure")] == ["cardiac"]


def test_bottles_that_may_be_pooled_for_eight_hours_only() -> None:
    """Octagam 10 %: pooled bottles within 8 h. 72 g at 80 mL/h take 9 h."""
    made = plan("dermatomyositis", "octagam-10-us", "72kg", age="54y", site=a_site(rate_maximum="80 mL/h"))
    assert any("a pool of its bottles" in notice.message and notice.limit == "8 h" for notice in made.notices)
    made = plan("dermatomyositis", "octagam-10-us", "72kg", age="54y")
    assert not any("a pool of its bottles" in notice.message for notice in made.notices)


def test_stock_is_held_against_the_whole_plan() -> None:
    """60 g from 4 x 10 g and 1 x 20 g: just one course. Three take 12 and 3 of them."""
    stock = a_site(stock={"octagam-10-us": {"10 g": "4", "20 g": "1"}})
    order = {"age": "54y", "start": "2026-12-01", "days": "2", "site": stock}
    assert not said(plan("dermatomyositis", "octagam-10-us", "30kg", **order), "stock-short")
    [notice] = said(plan("dermatomyositis", "octagam-10-us", "30kg", **order, courses="3"), "stock-short")
    assert (notice.level, notice.value, notice.limit) == ("caution", "3 x 20 g, 12 x 10 g", "1 x 20 g, 4 x 10 g")
    assert "reaches to course 1" in notice.message
    assert "12 of 10 g needed, 4 held" in notice.message
    assert notice.sessions == ((2, 1), (2, 2), (3, 1), (3, 2))


def test_phases_do_not_use_the_same_vials_twice() -> None:
    """CIDP, 70 kg, Privigen: 140 g of loading and 70 g of maintenance are 21 vials of 10 g; 21 suffice, 20 do not."""
    order = {**CIDP, "courses": "2"}
    for held, short in (("21", 0), ("20", 1)):
        stock = a_site(stock={"privigen-us": {"10 g": held, "20 g": "0", "40 g": "0"}})
        made = plan("cidp", "privigen-us", "70kg", **order, site=stock)
        assert [(vial.size_g, vial.count) for vial in made.totals.vials] == [(Decimal(10), 21)]
        found = said(made, "stock-short")
        assert len(found) == short
        assert all("21 of 10 g needed, 20 held" in notice.message for notice in found)


def test_later_courses_take_what_the_first_left() -> None:
    """40 g a course from 2 x 20 g and 4 x 10 g: the fewest vials first, then the others, and nothing is short."""
    stock = a_site(stock={"octagam-10-us": {"20 g": "2", "10 g": "4"}})
    made = plan(
        "dermatomyositis", "octagam-10-us", "20kg", age="54y", start="2026-12-01", days="2", courses="2", site=stock
    )
    assert [[(str(v.size_g), v.count) for v in session.vials] for session in made.sessions] == [
        [("20", 1)], [("20", 1)], [("10", 2)], [("10", 2)],
    ]  # fmt: skip
    assert not said(made, "stock-short")
