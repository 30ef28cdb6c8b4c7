"""The weight of a small child against the WHO's chart: -3 to +3 SD of the printed tables, and pounds for kilograms."""

from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.definitions.safety import Growth
from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import RefusedError


def ask(weight: str, age: str, **words: Any) -> Plan:
    return helpers.any_course("octagam-10-eu", weight, "2 g/kg", age=age, days="1", **words)


def said(plan: Plan) -> list[Notice]:
    return [notice for notice in plan.notices if notice.code == "weight-for-age"]


@pytest.mark.parametrize("months", [("0", "2"), ("1", "2"), ("0", "1", "1"), ("1", "0")])
def test_a_chart_has_a_row_for_each_month_from_birth_on(months: tuple[str, ...]) -> None:
    """A month between two rows would have no ordinary weight."""
    kg = {"from": "2 kg", "to": "5 kg"}
    with pytest.raises(ValueError, match="the row of a month is missing"):
        Growth.model_validate({"rows": [{"months": month, "male": kg, "female": kg} for month in months]})


def test_pounds_typed_as_kilograms_of_an_infant_are_named() -> None:
    """A girl of 17 months: 7.0 to 15.1 kg (+3 SD at 18 months). 25 lb = 11.3 kg, which is 22.7 g of 2 g/kg."""
    words: dict[str, Any] = {"age": "17mo", "height": "79cm", "sex": "female"}
    with pytest.raises(RefusedError) as caught:
        helpers.plan("kawasaki", "octagam-10-eu", "25kg", **words)
    assert caught.value.codes == ("weight-implausible",)
    assert "25 kg is outside 7 to 15.1 kg" in str(caught.value)
    assert "25 lb would be 11.3 kg" in str(caught.value)
    got = helpers.plan("kawasaki", "octagam-10-eu", "25lb", **words)
    assert str(got.course.prescribed_g) == "22.68"


@pytest.mark.parametrize("age", ["1mo", "6mo", "11mo", "1y", "2y", "3y", "4y", "4 weeks", "59mo"])
@pytest.mark.parametrize("sex", [None, "male", "female"])
def test_an_ordinary_weight_in_pounds_typed_as_kilograms_is_caught_at_every_age(age: str, sex: str | None) -> None:
    """The middle of the chart, in pounds."""
    rows = {row.months: row for row in library.safety().value.growth.rows}  # type: ignore[union-attr]
    number, unit = int("".join(c for c in age if c.isdigit())), age.strip("0123456789 ")
    months = number * 12 if unit == "y" else 0 if unit == "weeks" else number
    row = rows[months + (6 if unit == "y" else 0)]
    low, high = (row.female if sex == "female" else row.male).from_.base, row.male.to.base
    pounds = int((low + high) / 2 * 100 / 45)
    with pytest.raises(RefusedError) as caught:
        ask(f"{pounds}kg", age, sex=sex)
    assert f"{pounds} lb would be" in str(caught.value)
    ask(f"{pounds}lb", age, sex=sex)


@pytest.mark.parametrize(
    ("weight", "age", "sex", "level"),
    [
        # a boy of 12 months: 6.9 kg is -3 SD, 13.7 kg is +3 SD at 13 months
        ("6.9kg", "12mo", "male", None),
        ("6.8kg", "12mo", "male", "caution"),
        ("13.7kg", "12mo", "male", None),
        ("13.8kg", "12mo", "male", "caution"),  # 13.8 lb is 6.3 kg, and no ordinary weight either
        # a girl: 6.3 kg to 13.5 kg
        ("6.3kg", "12mo", "female", None),
        ("13.6kg", "12mo", "female", "caution"),
        ("1.4kg", "0mo", None, "caution"),  # born before term
        ("24.6kg", "4y", "male", None),  # it may be one day less than 5 years
        ("24.6kg", "48mo", "male", "caution"),  # 11.2 kg to 24.5 kg at 49 months
        ("31kg", "5y", None, None),  # the chart ends
    ],
)
def test_the_edges_of_the_chart(weight: str, age: str, sex: str | None, level: str | None) -> None:
    policy = "us-noridian-dme-vials" if weight == "1.4kg" else None
    found = said(ask(weight, age, sex=sex, policy=policy))
    assert [notice.level for notice in found] == ([level] if level else [])


def test_a_light_newborn_may_be_born_before_term() -> None:
    [found] = said(ask("1.4kg", "0mo", policy="us-noridian-dme-vials"))
    assert "unless the child was born before term" in found.message


def test_a_previous_weight_that_agrees_settles_it() -> None:
    assert not said(ask("13.8kg", "12mo", sex="male", previous_weight="13.5kg"))
    assert "weight-implausible" not in helpers.codes(ask("16kg", "12mo", previous_weight="15.8kg"))


def test_a_birth_date_is_an_age_in_completed_months() -> None:
    words: dict[str, Any] = {"birth_date": "2025-07-01", "sex": "female", "start": "2026-12-15"}
    asked = {"dose": "2 g/kg", "days": "1", **words}
    with pytest.raises(RefusedError, match=r"the chart for girls of 17 months: 25 lb would be 11\.3 kg"):
        helpers.plan(helpers.ANY_COURSE + ":open", "octagam-10-eu", "25kg", **asked)


def test_the_chart_is_that_of_the_who() -> None:
    """Figures of the printed tables: weight-for-age, -3 SD and +3 SD."""
    growth = library.safety().value.growth
    assert growth is not None
    rows = {row.months: row for row in growth.rows}
    assert list(rows) == list(range(61))
    assert (str(rows[0].male), str(rows[0].female)) == ("2.1 kg to 5 kg", "2 kg to 4.8 kg")
    assert (str(rows[12].male), str(rows[12].female)) == ("6.9 kg to 13.3 kg", "6.3 kg to 13.1 kg")
    assert (str(rows[60].male), str(rows[60].female)) == ("12.4 kg to 27.9 kg", "12.1 kg to 29.5 kg")
    assert all(
        earlier.male.to.base <= later.male.to.base for earlier, later in zip(growth.rows, growth.rows[1:], strict=False)
    )
