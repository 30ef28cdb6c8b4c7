"""Files of one's own are held against the shipped library: a slip of unit or of a digit is named, far outside it stops."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.engine.bounds import figures_of
from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import RefusedError

PRODUCT = """kind: product
schema: 2
id: own-product
version: 2026-11-28
sources:
  house: {title: Own label, body: Clinic, locator: here, checked: 2026-11-28, kind: house}
source: house
concentration: CONCENTRATION
vials: [VIAL, 10 g]
rates:
  - for: [any]
    source: house
    ladder:
      - {rate: 0.6 mL/kg/h, for: 30 min}
      - {rate: LAST}
    ceiling: {rate: LAST}
"""
REGIMEN = """kind: regimen
schema: 2
id: own-regimen
version: 2026-11-28
category: other
sources:
  house: {title: Own rule, body: Clinic, locator: here, checked: 2026-11-28, kind: house}
source: house
protocols:
  own:
    confidence: high
    dose: {per_course: DOSE}
    days: {from: 5, to: 5}
    interval: {every: EVERY}
  other:
    confidence: high
    dose: {per_course: 1 g/kg}
    days: {from: 5, to: 5}
"""


def product(folder: Path, last: str = "4.8 mL/kg/h", concentration: str = "100 mg/mL", vial: str = "5 g") -> str:
    path = folder / "own-product.yaml"
    path.write_text(
        PRODUCT.replace("CONCENTRATION", concentration).replace("LAST", last).replace("VIAL", vial), encoding="utf-8"
    )
    return str(path)


def regimen(folder: Path, dose: str = "1 g/kg", every: str = "4 weeks") -> str:
    path = folder / "own-regimen.yaml"
    path.write_text(REGIMEN.replace("DOSE", dose).replace("EVERY", every), encoding="utf-8")
    return str(path)


def said(plan: Plan, file: str = "own-") -> list[Notice]:
    found = [notice for notice in plan.notices if notice.code == "own-file-implausible"]
    return [notice for notice in found if notice.message.startswith(file)]


def test_a_rate_per_minute_for_one_per_hour_stops(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """4.8 mL/kg/min is 288 mL/kg/h, 34 times the 8.4 of Panzyga."""
    path = product(tmp_path, "4.8 mL/kg/min")
    with pytest.raises(RefusedError) as caught:
        helpers.any_course(path, "4 kg", "1 g/kg", days="1", age="3mo")
    assert caught.value.codes == ("own-file-implausible",)
    assert "rates[1].ladder[2].rate: a rate of 4.8 mL/kg/min is 34 times above the highest" in str(caught.value)
    assert "was a rate per minute for one per hour written?" in str(caught.value)
    assert main(["products", "check", path]) == 3
    assert f"{path}:15: rates[1].ladder[2].rate: a rate of 4.8 mL/kg/min is 34 times" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("words", "level", "slip"),
    [
        ({"last": "4.8 mL/kg/h"}, None, ""),
        ({"last": "16.8 mL/kg/h"}, None, ""),  # twice the highest
        ({"last": "16.9 mL/kg/h"}, "caution", ""),
        ({"concentration": "10 mg/mL"}, "caution", "was a tenth of the figure written?"),
        ({"concentration": "1000 mg/mL"}, "caution", "was ten times the figure written?"),
        ({"concentration": "200 mg/mL"}, None, ""),
        ({"concentration": "4 mg/mL"}, "stop", ""),
        ({"vial": "5 mg"}, "stop", "was milligrams for grams written?"),
        ({"vial": "0.25 g"}, None, ""),
    ],
    ids=str,
)
def test_figures_of_a_product(words: dict[str, str], level: str | None, slip: str, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"days": "5", "age": "40y"}
    path = product(tmp_path, **words)
    if level == "stop":
        with pytest.raises(RefusedError) as caught:
            helpers.any_course(path, "70 kg", "1 g/kg", **asked)
        assert "own-file-implausible" in caught.value.codes
        assert slip in str(caught.value)
        return
    notices = said(helpers.any_course(path, "70 kg", "1 g/kg", **asked))
    assert {notice.level for notice in notices} == ({level} if level else set())
    assert all(slip in notice.message for notice in notices)


@pytest.mark.parametrize(
    ("words", "level", "slip"),
    [
        ({"dose": "8 g/kg"}, None, ""),
        ({"dose": "0.04 g/kg"}, "caution", ""),
        ({"dose": "400 g/kg"}, "stop", "was grams for milligrams written?"),
        ({"dose": "2 mg/kg"}, "stop", "was milligrams for grams written?"),
        ({"every": "34 weeks"}, None, ""),
        ({"every": "1 day"}, None, ""),
        ({"every": "52 weeks"}, "caution", ""),
    ],
    ids=str,
)
def test_figures_of_a_regimen(words: dict[str, str], level: str | None, slip: str, tmp_path: Path) -> None:
    path = regimen(tmp_path, **words)
    insisted = ["course-dose-over-limit=a test"] if words.get("dose") == "8 g/kg" else []

    def ask() -> Plan:
        return helpers.plan(f"{path}:own", "flebogamma-dif-5-eu", "70 kg", age="40y", override=insisted)

    if level == "stop":
        with pytest.raises(RefusedError) as caught:
            ask()
        assert "own-file-implausible" in caught.value.codes
        assert slip in str(caught.value)
        return
    assert [notice.level for notice in said(ask())] == ([level] if level else [])


def test_another_protocol_of_the_file_is_not_held_against_this_plan(tmp_path: Path) -> None:
    assert not said(helpers.plan(f"{regimen(tmp_path, '400 g/kg')}:other", "privigen-us", "70 kg", age="40y"))


def test_a_stop_can_be_overridden(tmp_path: Path) -> None:
    path = product(tmp_path, "4.8 mL/kg/min")
    got = helpers.any_course(path, "70 kg", "1 g/kg", days="5", age="40y", override=["own-file-implausible=a test"])
    assert {notice.overridden_because for notice in said(got)} == {"a test"}


def test_a_caution_is_a_note_of_check(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["products", "check", product(tmp_path, concentration="10 mg/mL")]) == 0
    told = capfd.readouterr()
    assert "concentration: a concentration of 10 mg/mL is 5 times below the lowest" in told.out + told.err


def test_the_bounds_are_those_of_the_shipped_library() -> None:
    """Lowest and highest of every figure of each kind, from the files themselves."""
    found: dict[str, list[Fraction]] = {}
    for kind in ("regimen", "product", "policy"):
        for loaded in library.load_all(kind):
            for figure in figures_of(loaded.value, library.safety().value):
                found.setdefault(figure.kind, []).append(figure.exact)
    own = library.safety().value.own_files
    for kind, exact in found.items():
        if kind != "interval":
            bounds = getattr(own, kind)
            assert (bounds.from_.base, bounds.to.base) == (min(exact), max(exact)), kind
    assert min(found["interval"]) == own.interval.from_.base / Fraction("30.4375")
    assert max(found["interval"]) == own.interval.to.base / Fraction("30.4375")
