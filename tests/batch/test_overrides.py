"""Overrides for a whole batch apply where their stop is, and are counted."""

import json
from collections.abc import Callable

import pytest

from .conftest import Done

Batch = Callable[..., Done]
ORDER = ("--regimen", "dermatomyositis", "--product", "octagam-10-us", "--start", "2026-12-01")
#: B weighs 170 kg at 160.2 cm: a BMI of 66, beyond 60
TWO = "patient_id,weight_kg,height_cm\nA,72,170\nB,170,160.2\n"
CHECKED = ("--override", "weight-implausible=checked")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_override_applies_only_where_its_stop_is(batch: Batch, jobs: str) -> None:
    done = batch(TWO, *CHECKED, "--jobs", jobs, order=ORDER)
    assert (done.code, done.patients()) == (0, ["A", "B"])
    assert "override weight-implausible: needed by 1 of them" in done.err
    stops = {row["patient_id"]: row["notices"].split("|")[0] for row in done.table("sessions")}
    assert stops == {"A": "", "B": "weight-implausible"}
    summary = json.loads((done.folder / "summary.json").read_text("utf-8"))
    assert summary["overridden"] == {"weight-implausible": 1}


def test_a_stop_that_nobody_overrode_still_fails_its_row(batch: Batch) -> None:
    done = batch(TWO + "C,171,160.2\n", *CHECKED, "--dose", "3 g/kg", order=ORDER)
    assert done.codes() == dict.fromkeys("ABC", "dose-outside-regimen")
    both = batch(
        TWO, *CHECKED, "--override", "dose-outside-regimen=agreed", "--dose", "3 g/kg", order=ORDER, folder="both"
    )
    assert (both.code, both.patients()) == (0, ["A", "B"])


def test_the_override_of_a_row_must_have_its_stop(batch: Batch) -> None:
    text = "patient_id,weight_kg,override\nA,72,weight-implausible=checked\nB,72,\n"
    done = batch(text, order=ORDER)
    assert (done.patients(), done.table("errors")[0]["field"]) == (["B"], "override")


def test_a_code_that_no_stop_has_is_refused_before_the_first_row(batch: Batch) -> None:
    for code in ("weight-implausibel", "rounded"):
        done = batch(TWO, "--override", f"{code}=checked", order=ORDER, folder=code)
        assert done.code == 2
        assert "no stop has that code" in done.err


def test_an_override_of_a_limit_that_is_obeyed_lifts_it_where_it_holds(batch: Batch) -> None:
    """4 mg/kg/min, printed for dermatomyositis alone, is 2.4 mL/kg/h of 100 mg/mL: 168 mL/h for 70 kg."""
    text = "patient_id,weight_kg,regimen,policy\nA,70,dermatomyositis,\nB,70,cidp:eu-label,\n"
    lift = ("--override", "indication-ceiling=agreed")
    order = ("--product", "kiovig-eu", "--start", "2026-12-01")
    kept, lifted = batch(text, order=order, folder="kept"), batch(text, *lift, order=order, folder="lifted")
    assert (kept.code, lifted.code) == (0, 0), (kept.err, lifted.err)

    def fastest(done: Done, who: str) -> float:
        return max(float(row["rate_ml_per_h"]) for row in done.table("steps") if row["patient_id"] == who)

    assert fastest(kept, "A") == 168 < fastest(lifted, "A")
    assert fastest(kept, "B") == fastest(lifted, "B")
    stops = {row["patient_id"]: row["notices"].split("|")[0] for row in lifted.table("sessions")}
    assert stops == {"A": "indication-ceiling", "B": ""}
