"""A limit that stands in words alone is obeyed by nobody: every sentence with a figure is data, or says why it is not."""

import copy
import pickle
from pathlib import Path

import helpers
import pytest
from pydantic import TypeAdapter, ValidationError

from ivigcalc import library
from ivigcalc.definitions.reading import annotation
from ivigcalc.definitions.words import REASONS, Sentence, Words
from ivigcalc.library.prose import unmarked

READ = TypeAdapter(annotation(Sentence))


def test_every_shipped_figure_is_data_or_says_why_it_is_words() -> None:
    found = [
        f"{loaded.value.id}: {'.'.join(map(str, sentence.place))}"
        for kind in library.FOLDERS
        for loaded in library.load_all(kind)
        for sentence in unmarked(loaded.value)
    ]
    assert not found


OWN = """\
    dose: {per_course: 1 g/kg}
    days: {from: 1, to: 1}
    notes: [%s]
"""


@pytest.mark.parametrize(
    ("sentence", "figure"),
    [
        ("never above 2 g/kg", "2 g/kg"),
        ("at most 4 mg/kg/min", "4 mg/kg/min"),
        ("over 10 to 12 hours", "10 to 12 hours"),
        ("not within two weeks of surgery", "two weeks"),
        ("not above 65", "above 65"),
        ("on day 100", "day 100"),
        ("up to 70 kg", "70 kg"),
        ("a trial of three months", "three months"),
        ("from week 28 on", "week 28"),
        ("weeks 12 to 24 of pregnancy", "weeks 12"),
        ("a newborn with jaundice", "newborn"),
        ("the first two a fortnight apart", "fortnight"),
        ("not on consecutive days", "consecutive days"),
        ("given every other day", "every other day"),
        ("half the usual dose for the frail", "half the usual dose"),
        ("twice the rate of the first infusion", "twice the rate"),
        ("20 patients, 85% better", None),
        ("dilute with 5% glucose", None),
        ("the number of days is not in the abstract", None),
    ],
)
def test_what_is_asked_about(tmp_path: Path, sentence: str, figure: str | None) -> None:
    path = helpers.own_regimen(tmp_path, OWN % f'"{sentence}"')
    found = [each.figure for each in unmarked(library.load("regimen", path).value)]
    assert found == ([figure] if figure else [])


BESIDE = """\
    dose: {per_course: 1 g/kg, note: %s}
    days: {from: 1, to: 1}
"""


@pytest.mark.parametrize(
    ("note", "figure"),
    [
        ("raised to at least 0.5 g/kg", "0.5 g/kg"),
        ("printed as up to 1 g/kg a week", "1 g/kg"),
        ("at most 2 g/kg over all of them", "2 g/kg"),
        ("Not more than 60 g", "60 g"),
        ("{text: printed as up to 1 g/kg a week, words_because: repeats-data}", None),
        ("0.5 g/kg a day", None),  # said on every plan, and no bound
        ("up to the physician", None),
    ],
)
def test_beside_a_figure_only_what_bounds_it_is_asked_about(tmp_path: Path, note: str, figure: str | None) -> None:
    path = helpers.own_regimen(tmp_path, BESIDE % note)
    found = [each.figure for each in unmarked(library.load("regimen", path).value)]
    assert found == ([figure] if figure else [])


def test_no_choice_of_a_key_is_a_sentence(tmp_path: Path) -> None:
    path = helpers.own_regimen(tmp_path, BESIDE % "a" + "    limits: [{per: 4-weeks, max: 2 g/kg, level: stop}]\n")
    assert list(unmarked(library.load("regimen", path).value)) == []


def test_a_reason_answers(tmp_path: Path) -> None:
    path = helpers.own_regimen(tmp_path, OWN % "{text: 20 patients over 6 months, words_because: history}")
    assert list(unmarked(library.load("regimen", path).value)) == []


def test_a_limit_that_cannot_be_modelled_is_on_the_plan(tmp_path: Path) -> None:
    says = "start within 7 days of the onset"
    for reason, said in (("not-modelled", 1), ("history", 0)):
        path = helpers.own_regimen(tmp_path, OWN % f"{{text: {says}, words_because: {reason}}}")
        made = helpers.plan(path, "octagam-10-us", "70kg", age="40y")
        assert [notice.message for notice in helpers.notices(made, "protocol-says")] == [says] * said


def test_a_shipped_one_as_well() -> None:
    made = helpers.plan("kawasaki:us-label-gammagard-sd-single", "gammagard-sd-us", "12kg", age="3y")
    said = [notice.message for notice in helpers.notices(made, "protocol-says")]
    assert "Start within 7 days of the onset of fever" in said


@pytest.mark.parametrize(
    "value", [{"text": "a"}, {"text": "a", "words_because": "because"}, {"text": "", "words_because": "history"}, 1]
)
def test_what_is_no_sentence(value: object) -> None:
    with pytest.raises(ValidationError):
        READ.validate_python(value)


def test_a_sentence_is_a_plain_text_with_its_reason() -> None:
    said = READ.validate_python({"text": "1 g/kg  once", "words_because": "history"})
    for each in (said, copy.deepcopy(said), pickle.loads(pickle.dumps(said))):
        assert isinstance(each, Words)
        assert (each, each.words_because) == ("1 g/kg once", "history")
    assert READ.validate_python("plain") == "plain"


def test_each_reason_is_explained() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "definitions.md").read_text(encoding="utf-8")
    assert [reason for reason in REASONS if f"| `{reason}` |" not in guide] == []
