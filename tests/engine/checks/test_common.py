"""What becomes of a stop: it is told with all others at once, and only a reason lets it pass; and whom a notice is about."""

from typing import Any

import helpers
import pytest

from ivigcalc.errors import RefusedError, RequestError

STOPS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # code: (an order that is stopped, its neighbour that is not)
    "dose-outside-regimen": ({"dose": "2.01 g/kg"}, {"dose": "2 g/kg"}),
    "days-outside-regimen": ({"days": "6"}, {"days": "5"}),
    "interval-outside-regimen": ({"every": "3 weeks", "dose_basis": "course", "start": "2026-12-01"}, {"every": "4 weeks", "start": "2026-12-01"}),
    "age-outside-regimen": ({"age": "17y"}, {"age": "18y"}),
    "product-contraindicated": ({"condition": ["corn-allergy"]}, {"condition": ["hyperprolinaemia"]}),
    "weight-implausible": ({"weight": "350.1 kg"}, {"weight": "350 kg"}),
    "course-overlap": (
        {"days": "5", "every": "4 days", "dose_basis": "course", "courses": "2", "start": "2026-12-01", "override": ["interval-outside-regimen=a test"]},
        {"days": "5", "every": "5 days", "dose_basis": "course", "courses": "2", "start": "2026-12-01", "override": ["interval-outside-regimen=a test"]},
    ),
}  # fmt: skip


# ---- stops: an order that is stopped, and its neighbour that is not --------------------------------------------------


@pytest.mark.parametrize("code", sorted(STOPS))
def test_a_stop_stops_with_value_limit_and_remedy(code: str) -> None:
    error = helpers.refusal(helpers.dm, **STOPS[code][0])
    assert error.codes == (code,)
    assert error.code == code
    assert error.value
    assert str(error)


@pytest.mark.parametrize("code", sorted(STOPS))
def test_its_neighbour_does_not_stop(code: str) -> None:
    assert code not in helpers.codes(helpers.dm(**STOPS[code][1]))


def test_all_stops_are_said_at_once() -> None:
    error = helpers.refusal(helpers.dm, dose="2.5 g/kg", days="6", age="17y")
    assert set(error.codes) == {"dose-outside-regimen", "days-outside-regimen", "age-outside-regimen"}
    for words in ("2.5 g/kg", "6 days", "17 years"):
        assert words in str(error)


def test_a_stop_cites_its_source() -> None:
    assert "Octagam 10% US prescribing information" in helpers.refusal(helpers.dm, dose="2.5 g/kg").source


# ---- overrides -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(STOPS))
def test_a_stop_can_be_overridden_and_the_reason_stays_on_the_plan(code: str) -> None:
    words = STOPS[code][0]
    got = helpers.dm(**words | {"override": [*words.get("override", []), f"{code}=agreed with Dr Roe"]})
    found = helpers.notice(got, code)
    assert (found.level, found.overridden_because) == ("stop", "agreed with Dr Roe")


def test_an_override_of_another_stop_does_not_help() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.dm(dose="2.5 g/kg", days="6", override=["days-outside-regimen=agreed"])
    assert caught.value.codes == ("dose-outside-regimen",)


def test_an_override_of_nothing_is_refused() -> None:
    with pytest.raises(RequestError, match="this plan has no stop of that code"):
        helpers.adult(override=["dose-outside-regimen=to be safe"])


def test_nothing_that_is_no_stop_can_be_overridden() -> None:
    assert "ladder-assumed" in helpers.codes(helpers.adult())
    with pytest.raises(RequestError, match="this plan has no stop of that code"):
        helpers.adult(override=["ladder-assumed=I know"])


@pytest.mark.parametrize(
    "text", ["dose-outside-regimen", "dose-outside-regimen=", "=reason", "dose-outside-regimen= ", "Dose Outside=x"]
)
def test_an_override_without_a_reason_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="--override"):
        helpers.dm(dose="2.5 g/kg", override=[text])


@pytest.mark.parametrize(
    "given",
    [
        "dose-outside-regimen",
        "dose-outside-regimen=",
        "=because",
        "dose-outside-regimen=  ",
        "Dose=x",
        "dose outside=x",
    ],
)
def test_an_override_needs_a_code_and_a_reason(given: str) -> None:
    with pytest.raises(RequestError, match='write --override CODE="reason"'):
        helpers.adult(dose="3 g/kg", override=[given])
    with pytest.raises(RequestError, match="--override: is empty"):
        helpers.adult(dose="3 g/kg", override=['dose-outside-regimen=""'])


# ---- whom a notice is about ------------------------------------------------------------------------------------------


def test_a_caution_names_the_sessions_that_it_is_about() -> None:
    order = {
        "age": "54y",
        "start": "2026-12-03",
        "at": "09:00",
        "courses": "3",
        "every": "4 weeks",
        "dose": "500 mg/kg",
    }
    made = helpers.plan(
        "primary-immunodeficiency", "qivigy-us", "72kg", **order, infusion="subsequent", last_infusion="2026-09-01", valid_for="1 month",
    )  # fmt: skip
    assert [notice.sessions for notice in helpers.notices(made, "restart-slow")] == [((1, 1),)]
    assert [notice.sessions for notice in helpers.notices(made, "order-expired")] == [((3, 1),)]


def test_a_caution_of_the_fullest_day_is_not_about_the_others() -> None:
    """8.2 kg are 16.4 g: 10 + 5 g in 5 g vials, with a limit of 1 g/kg = 8.2 g a day. At 20 mL/h 100 mL last too long."""
    made = helpers.any_course(
        "privigen-us", "8.2kg", "2 g/kg", protocol="at-most-a-gram-a-day", days="2", start="2026-12-03", at="09:00",
        courses="2", every="4 weeks", site=helpers.a_site(rate_maximum="20 mL/h"), policy=helpers.WHOLE_VIALS,
    )  # fmt: skip
    for code in ("day-dose-over-limit", "bottle-open-too-long"):
        assert {notice.sessions for notice in helpers.notices(made, code)} == {((1, 1), (2, 1))}, code
