"""What is kept in words because a key says it as well: the key does say it, figure by figure."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import helpers
import pytest
import yaml
from repeated import Figure, Place, figures, quantities

from ivigcalc import library
from ivigcalc.definitions import Strict

#: figures that follow from the keys in a way that is not worked out here, each with its reason
EXCUSED = yaml.safe_load((Path(__file__).parent / "repeated-figures.yaml").read_text(encoding="utf-8"))


def sentences(value: Any, place: Place = ()) -> list[tuple[Place, str]]:
    """The sentences below a value that say that they repeat data."""
    if isinstance(value, str):
        return [(place, value)] if getattr(value, "words_because", None) == "repeats-data" else []
    if isinstance(value, Strict):
        if getattr(value, "words_because", None) == "repeats-data":  # of a block, its one text
            (key,) = {"text", "says"} & set(type(value).model_fields)
            return [((*place, key), getattr(value, key))]
        return [found for name, info in type(value).model_fields.items() for found in sentences(getattr(value, name), (*place, info.alias or name))]  # fmt: skip
    if isinstance(value, dict):
        return [found for name, child in value.items() for found in sentences(child, (*place, name))]
    if isinstance(value, tuple):
        return [found for index, child in enumerate(value) for found in sentences(child, (*place, index))]
    return []


def around(kind: str, value: Any, place: Place) -> list[Any]:
    """What the figure may stand in: the protocol of the sentence, else its file and what the file names."""
    if kind == "regimen":
        return [value.protocols[place[1]]] if place[0] == "protocols" else [value]
    if kind == "policy":
        formulas = [loaded.value for loaded in library.load_all("formula") if loaded.value.id == value.dosing_weight.ideal] if value.dosing_weight else []  # fmt: skip
        return [value, *formulas]
    return [value]


def unsaid(kind: str, value: Any) -> list[tuple[str, str, str]]:
    """Figures of such sentences of a definition that none of its keys says, as (id, place, figure)."""
    concentration = getattr(value, "concentration", None)
    strength = Fraction(concentration.base) if concentration else Fraction(100)  # sentences speak of a 10 % product
    found = []
    for place, text in sentences(value):
        known = set().union(*(quantities(each, strength) for each in around(kind, value, place)))
        found += [
            (value.id, ".".join(map(str, place)), said)
            for said, figure, decimals in figures(text)
            if not is_among(figure, decimals, known)
        ]
    return found


def is_among(figure: Figure, decimals: int, known: set[Figure]) -> bool:
    """Whether a figure is known, a mass rate as it is rounded in print: 8.33 mg/kg/min are printed as 8.3 and as 8."""
    dimension, amount = figure
    if figure in known:
        return True
    return dimension == "mass rate per kg" and any(
        each == dimension and round(value, decimals) == amount for each, value in known
    )


@pytest.mark.parametrize("kind", library.FOLDERS)
def test_what_repeats_data_is_data(kind: str) -> None:
    found = {each for loaded in library.load_all(kind) for each in unsaid(kind, loaded.value)}
    excused = {(each["id"], each["place"], each["figure"]) for each in EXCUSED.get(kind, ())}
    assert sorted(found - excused) == []
    assert sorted(excused - found) == [], "said by a key by now: no excuse is needed"


OWN = """\
    dose: {per_course: 2 g/kg}
    days: {from: 2, to: 5}
    interval: {every: 4 weeks}
    courses: {from: 3, to: 6}
    target: {trough_igg: 5 g/L}
    notes:
      - {text: "%s", words_because: repeats-data}
"""


@pytest.mark.parametrize(
    ("sentence", "figure"),
    [
        ("2 g/kg over 2 to 5 days, every 4 weeks", None),
        ("2000 mg/kg on two days", None),
        ("3 to 6 months, and 6 to 12 g/kg in all", None),  # 3 to 6 courses, four weeks apart
        ("trough 500 mg/dL", None),
        ("never above 1 g/kg", "1 g/kg"),
        ("over 2 to 6 days", "6 days"),
        ("every 3 weeks", "3 weeks"),
        ("a trial of seven months", "seven months"),
        ("from day 7", "day 7"),
        ("trough 600 mg/dL", "600 mg/dL"),
    ],
)
def test_a_figure_that_no_key_says_is_found(tmp_path: Path, sentence: str, figure: str | None) -> None:
    path = helpers.own_regimen(tmp_path, OWN % sentence)
    found = [each[2] for each in unsaid("regimen", library.load("regimen", path).value)]
    assert found == ([figure] if figure else [])
