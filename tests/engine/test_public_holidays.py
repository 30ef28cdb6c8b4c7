"""Whose public holidays: only names that the library lists are looked up, and a country of many parts needs one."""

from datetime import date
from pathlib import Path

import helpers
import pytest

from ivigcalc.cli.main import main
from ivigcalc.engine.public_holidays import holidays_of, unlike_subdivisions
from ivigcalc.errors import RequestError

DM = ("dermatomyositis", "octagam-10-us", "72kg")
#: attributes of the library's module, and words that only look like a country
NO_COUNTRIES = ("__class__", "__init__", "HolidayBase", "country_holidays", "date", "UnitedStates", "us", "XX")


def site_file(folder: Path, *holidays: str) -> str:
    path = folder / "site.yaml"
    path.write_text(
        "kind: site\nschema: 1\nid: clinic\nclosed_days: nearest\nholidays:\n" + "\n".join(holidays), encoding="utf-8"
    )
    return str(path)


@pytest.mark.parametrize("name", NO_COUNTRIES)
def test_a_name_that_is_no_country_is_never_looked_up(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = site_file(tmp_path, f"  country: {name}")
    plan = ["schedule", "-r", DM[0], "-p", DM[1], "--weight", DM[2], "--age", "54y", "--start", "2027-03-29"]
    assert main([*plan, "--site", path]) == 3
    said, _next_step = capfd.readouterr().err.splitlines()
    assert said.startswith(f"{path}:6: holidays.country: no public holidays are known for '{name}'; allowed: ")
    assert main(["regimens", "check", path]) == 3
    assert f"{path}:6: holidays.country: " in capfd.readouterr().out


@pytest.mark.parametrize(
    ("typed", "meant"), [("United States", "US"), ("us", "US"), ("Untied Kingdom", "GB"), ("germany", "DE")]
)
def test_the_nearest_country_is_named(typed: str, meant: str) -> None:
    with pytest.raises(RequestError, match=f"allowed: .*{meant}"):
        holidays_of(typed, None)


@pytest.mark.parametrize(("country", "subdivision"), [("US", "__class__"), ("GB", "NY"), ("JP", "13"), ("NYSE", "NY")])
def test_a_subdivision_is_one_of_its_country(country: str, subdivision: str) -> None:
    with pytest.raises(RequestError, match="is no subdivision of"):
        holidays_of(country, subdivision)


def test_a_country_a_part_by_code_or_by_name_and_a_market() -> None:
    assert holidays_of("GB", "ENG")(date(2027, 3, 29)) == "Easter Monday"
    assert holidays_of("GB", "England")(date(2027, 3, 29)) == "Easter Monday"
    assert holidays_of("GB", "SCT")(date(2027, 3, 29)) is None
    assert holidays_of("NYSE", None)(date(2027, 3, 26)) == "Good Friday"


# ---- a country whose parts have other holidays ------------------------------------------------------------------------


def test_a_country_whose_days_differ_needs_a_part() -> None:
    site = helpers.a_site(holidays={"country": "GB"}, closed_days="nearest")
    got = helpers.plan(*DM, age="54y", start="2027-03-29", site=site)
    [notice] = [n for n in got.notices if n.code == "subdivision-missing"]
    assert notice.level == "caution"
    assert "ENG, NIR, SCT, WLS" in notice.message
    assert "2027-03-29 is planned, which is Easter Monday in ENG, NIR, WLS" in notice.message


@pytest.mark.parametrize(
    "holidays", [{"country": "GB", "subdivision": "ENG"}, {"country": "JP"}, {"country": "NYSE"}], ids=str
)
def test_neither_a_part_nor_a_country_that_is_the_same_everywhere_needs_one(holidays: dict[str, str]) -> None:
    site = helpers.a_site(holidays=holidays, closed_days="nearest")
    got = helpers.plan(*DM, age="54y", start="2027-04-05", site=site)
    assert "subdivision-missing" not in helpers.codes(got)


def test_an_order_without_dates_needs_none() -> None:
    site = helpers.a_site(holidays={"country": "GB"}, closed_days="nearest")
    assert "subdivision-missing" not in helpers.codes(helpers.plan(*DM, age="54y", site=site))


def test_check_names_the_missing_part(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = site_file(tmp_path, "  country: GB")
    assert main(["regimens", "check", path]) == 0
    said = capfd.readouterr()
    assert "the holidays of GB differ by subdivision, and none is named" in said.out + said.err
    assert "ENG, NIR, SCT, WLS" in said.out + said.err


def test_the_parts_are_compared_in_the_years_of_the_plan() -> None:
    assert unlike_subdivisions("GB", (2027,)) == ("ENG", "NIR", "SCT", "WLS")
    assert unlike_subdivisions("JP", (2027,)) == ()
