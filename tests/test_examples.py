"""Numbers that somebody published or worked by hand, as data in `examples/`, reproduced exactly: no tolerance anywhere."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import helpers
import oracle
import pytest
import yaml

from ivigcalc import library
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import IvigcalcError, RefusedError

EXAMPLES = Path(__file__).parent / "examples"
KINDS = {"label", "guideline", "manufacturer-chart", "paper-example", "hand-calculation"}
NUMBERS: dict[str, Callable[[Plan], Any]] = {
    "rate_ml_per_h": lambda p: [s.rate_ml_per_h for s in p.sessions[0].steps],
    "rate_mg_per_kg_per_min": lambda p: [s.rate_mg_per_kg_per_min for s in p.sessions[0].steps],
    "step_ml": lambda p: [s.volume_ml for s in p.sessions[0].steps],
    "step_min": lambda p: [s.duration_min for s in p.sessions[0].steps],
    "minutes_to_maximum": lambda p: sum(s.duration_min for s in p.sessions[0].steps[:-1]),
    "duration_min": lambda p: p.sessions[0].duration_min,
    "exact_min": lambda p: p.sessions[0].infusion.minutes,
    "full_minutes": lambda p: floor(p.sessions[0].infusion.minutes),
    "leftover_g": lambda p: p.sessions[0].leftover_g,
    "session_g": lambda p: [s.dose_g for s in p.sessions if s.course == 1],
    "prescribed_g": lambda p: p.course.prescribed_g,
    "dose_g": lambda p: p.course.dose_g,
    "deviation_percent": lambda p: p.course.deviation_percent,
    "volume_ml": lambda p: p.totals.volume_ml,
    "dosing_kg": lambda p: p.dosing_weight.kg,
    "ideal_kg": lambda p: p.dosing_weight.ideal_kg,
    "adjusted_kg": lambda p: p.dosing_weight.adjusted_kg,
    "ideal_kg_cut_to_tenths": lambda p: oracle.floor_to(Fraction(p.dosing_weight.ideal_kg), Fraction(1, 10)),
    "adjusted_kg_cut_to_tenths": lambda p: oracle.floor_to(Fraction(p.dosing_weight.adjusted_kg), Fraction(1, 10)),
    "bmi": lambda p: p.dosing_weight.bmi,
}
WORDS: dict[str, Callable[[Plan], Any]] = {
    "basis": lambda p: p.dosing_weight.basis,
    "starts_at": lambda p: p.sessions[0].starts_at,
    "ends_at": lambda p: p.sessions[0].ends_at,
    "step_starts": lambda p: [s.starts_at for s in p.sessions[0].steps],
    "course_dates": lambda p: [s.date for s in p.sessions if s.day == 1],
}
OTHERS = {"vials", "notices", "refused", "error"}


def read(name: str) -> Any:
    """An example file, every scalar as text: nothing is interpreted on the way to the comparison."""
    with (EXAMPLES / name).open(encoding="utf-8") as stream:
        return yaml.load(stream, yaml.BaseLoader)


def cases() -> Iterator[Any]:
    for name in ("published-cases.yaml", "traps.yaml"):
        for case in read(name)["cases"]:
            yield pytest.param(case, id=case["id"])


def ask(words: dict[str, Any]) -> Plan:
    words = dict(words)
    weight = words.pop("weight")
    if "rates" in words:
        return helpers.rates(words.pop("rates"), words.pop("indication"), weight, words.pop("dose"), **words)
    return helpers.plan(words.pop("regimen"), words.pop("product"), weight, **words)


def exactly(value: Any) -> Any:
    """Numbers as fractions, so that 42, 42.0 and Decimal('42') are the same and 42.0001 is not."""
    return [Fraction(v) for v in value] if isinstance(value, list) else Fraction(value)


@pytest.mark.parametrize("case", list(cases()))
def test_example(case: dict[str, Any]) -> None:
    answer = case["answer"]
    if "refused" in answer or "error" in answer:
        with pytest.raises(IvigcalcError) as caught:
            ask(case["ask"])
        if "refused" in answer:
            assert isinstance(caught.value, RefusedError)
            assert answer["refused"] in caught.value.codes
        for words in answer.get("error", []):
            assert words in str(caught.value)
        return
    got = ask(case["ask"])
    for key, expected in answer.items():
        if key in NUMBERS:
            assert exactly(NUMBERS[key](got)) == exactly(expected), key
        elif key in WORDS:
            assert WORDS[key](got) == expected, key
        elif key == "vials":
            assert helpers.vials(got.sessions[0]) == {
                oracle.grams(size): int(count) for size, count in expected.items()
            }
        else:
            assert set(expected) <= helpers.codes(got), key


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.yaml")))
def test_every_example_names_its_source_and_kind(name: str) -> None:
    content = read(name)
    for case in content.get("cases") or content.get("ladders") or [content]:
        assert case["source"].strip(), case
        assert case["kind"] in KINDS, case
        assert set(case.get("answer", {})) <= NUMBERS.keys() | WORDS.keys() | OTHERS, case
        assert "tolerance" not in case, case


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.yaml")))
def test_no_example_is_given_twice(name: str) -> None:
    content = read(name)
    identifiers = [case["id"] for case in content.get("cases", []) + content.get("ladders", [])]
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize(
    "printed", [pytest.param(row, id=row["id"]) for row in read("published-ladders.yaml")["ladders"]]
)
def test_a_printed_ladder_is_shipped_as_printed(printed: dict[str, Any]) -> None:
    expected = [
        (Fraction(rate) * (60 if printed["unit"] == "mL/kg/min" else 1), None if lasts == "rest" else Fraction(lasts))
        for rate, lasts in zip(printed["rates"], printed["minutes"], strict=True)
    ]
    product, infusion = library.product(printed["product"]).value, printed.get("infusion", "first")
    for indication in printed["indications"]:
        table = oracle.rate_table(printed["product"], indication, infusion)
        shipped = [
            (oracle.rate_ml_per_h(rate, Fraction(1), table.mg_per_ml), oracle.minutes(lasts) if lasts else None)
            for rate, lasts in table.rungs
        ]
        assert shipped == expected
        tables = [t for t in product.rates if t.infusion in ("any", infusion)]
        [loaded] = [t for t in tables if indication in t.for_ or "any" in t.for_]
        assert [(product.comparable_rate(r.rate), r.for_.base if r.for_ else None) for r in loaded.ladder] == expected
        for rung in printed.get("assumed", []):
            assert loaded.ladder[int(rung) - 1].basis == "assumed", (
                f"nobody printed rung {rung}: the plan has to say so"
            )


@pytest.mark.parametrize("row", [pytest.param(row, id=row["rates"]) for row in read("rate-columns.yaml")["products"]])
def test_rate_columns_worked_by_hand(row: dict[str, Any]) -> None:
    table = read("rate-columns.yaml")
    for weight, printed in table["rows"].items():
        by_column = dict(zip(table["columns"], printed, strict=True))
        got = helpers.rates(row["rates"], row["indication"], f"{weight} kg", "1 g/kg", infusion="first")
        rates = [s.rate_ml_per_h for s in got.sessions[0].steps]
        assert exactly(rates) == [Fraction(by_column[column]) for column in row["columns"]], f"{weight} kg"


@pytest.mark.parametrize(
    "row", [pytest.param(r, id=f"{r['sex']}-{r['height']}-{r['actual']}") for r in read("ideal-weights.yaml")["rows"]]
)
def test_ideal_and_adjusted_weight_worked_by_hand(row: dict[str, Any]) -> None:
    got = helpers.plan(
        "dermatomyositis", "octagam-10-us", row["actual"],
        policy="uk-nhs-request-form-ddw", height=row["height"], sex=row["sex"], age="54y",
    ).dosing_weight  # fmt: skip
    assert (Fraction(got.ideal_kg), Fraction(got.adjusted_kg)) == (Fraction(row["ideal"]), Fraction(row["adjusted"]))
