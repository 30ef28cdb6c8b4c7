"""The words of an event: one at a time, whole, and nothing that does not belong to it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ivigcalc.engine.since import Pause
from ivigcalc.errors import RequestError
from ivigcalc.quantity import Quantity
from ivigcalc.replan.given import Given
from ivigcalc.replan.missed import Missed
from ivigcalc.replan.order import NewDose, NewInterval, NewProduct, NewWeight
from ivigcalc.replan.reaction import Reaction
from ivigcalc.replan.read import kind_of, read_event
from ivigcalc.request.event import GOES_WITH, HEADS, EventWords
from ivigcalc.request.request import OrderedDose

REACTION = {"session": "1.2", "reaction_at": "10:40", "resume_at": "11:10", "rate": "half"}
ALL: dict[str, dict[str, Any]] = {
    "reaction": REACTION,
    "missed": {"missed": ("2026-12-29",), "to": "2027-01-05", "rest": "move"},
    "weight": {"new_weight": "68kg", "from_course": "3"},
    "product": {"product": "privigen-us", "from_course": "3"},
    "interval": {"every": "6 weeks", "from_course": "3"},
    "dose": {"dose": "1 g/kg", "from_course": "3"},
    "done": {"done": ("1.1", "1.2")},
}


def read(**words: Any) -> Any:
    return read_event(EventWords(**words), None)


@pytest.mark.parametrize(
    ("words", "event"),
    [
        (REACTION, Reaction(Pause((1, 2), 640, 670, "half"))),
        (REACTION | {"rate": "Previous"}, Reaction(Pause((1, 2), 640, 670, "previous"))),
        (REACTION | {"rate": "initial"}, Reaction(Pause((1, 2), 640, 670, "initial"))),
        (REACTION | {"rate": "1.2 mL/kg/h"}, Reaction(Pause((1, 2), 640, 670, Quantity(Decimal("1.2"), "mL/kg/h")))),
        (REACTION | {"rate": "80 ml/h"}, Reaction(Pause((1, 2), 640, 670, Quantity(Decimal(80), "mL/h")))),
        ({"session": "12.3", "reaction_at": "9:05", "stop": True}, Reaction(Pause((12, 3), 545))),
        ({"done": ("1.2", "1.1", "1.2")}, Given(((1, 2), (1, 1)))),
        (ALL["missed"], Missed((date(2026, 12, 29),), date(2027, 1, 5), "move")),
        (
            {"missed": ("2026-12-30", "2026-12-29"), "rest": "keep"},
            Missed((date(2026, 12, 29), date(2026, 12, 30)), None, "keep"),
        ),
        (ALL["weight"], NewWeight(3, (), Quantity(Decimal(68), "kg"), None)),
        (
            ALL["weight"] | {"weighed_on": "2026-12-01", "override": ('weight-implausible="she  is"',)},
            NewWeight(3, ("weight-implausible=she is",), Quantity(Decimal(68), "kg"), date(2026, 12, 1)),
        ),
        (ALL["product"], NewProduct(3, (), "privigen-us")),
        (ALL["interval"], NewInterval(3, (), Quantity(Decimal(6), "week"), None)),
        (
            ALL["interval"] | {"every": "q6w", "dose_basis": "course"},
            NewInterval(3, (), Quantity(Decimal(6), "week"), "course"),
        ),
        (ALL["dose"], NewDose(3, (), OrderedDose(Quantity(Decimal(1), "g/kg")), None)),
        (
            ALL["dose"] | {"dose": "0.4 g/kg/day", "dose_basis": "4-weeks"},
            NewDose(3, (), OrderedDose(Quantity(Decimal("0.4"), "g/kg"), "day"), "4-weeks"),
        ),
    ],
)
def test_what_it_says(words: dict[str, Any], event: Any) -> None:
    found = read(**words)
    assert found == event
    # the words of the event say the same again, and name its kind
    assert read_event(found.words, None) == found
    assert kind_of(found.words) == found.kind == kind_of(EventWords(**words))


def test_a_product_without_its_country_is_found_in_the_one_that_is_given() -> None:
    assert read_event(EventWords(product="privigen", from_course="3"), "US").words.product == "privigen-us"


def test_every_word_belongs_to_an_event() -> None:
    names = set(EventWords.__struct_fields__)
    assert set(HEADS) | {word for words in GOES_WITH.values() for word in words} == names
    assert set(ALL) == set(HEADS.values()) == set(GOES_WITH)


@pytest.mark.parametrize("one", ALL)
@pytest.mark.parametrize("other", ALL)
def test_two_events_at_once_are_refused(one: str, other: str) -> None:
    if one == other:
        return
    with pytest.raises(RequestError, match="2 events: give one") as caught:
        read(**ALL[one] | ALL[other])
    assert caught.value.code == "one-event"


def test_three_events_are_counted() -> None:
    with pytest.raises(RequestError, match="--new-weight and --every and --dose are 3 events") as caught:
        read(new_weight="68kg", every="6 weeks", dose="1 g/kg", from_course="3")
    assert caught.value.field == "every"  # the second of them


def test_there_are_two_hundred_courses_at_the_most() -> None:
    assert read(**ALL["dose"] | {"from_course": "200"}).from_course == 200


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("reaction", {"from_course": "3"}),
        ("reaction", {"to": "2027-01-05"}),
        ("reaction", {"override": ("x=y",)}),
        ("missed", {"from_course": "3"}),
        ("missed", {"rate": "half"}),
        ("weight", {"rest": "keep"}),
        ("weight", {"dose_basis": "course"}),
        ("product", {"weighed_on": "2026-12-01"}),
        ("interval", {"stop": True}),
        ("dose", {"weighed_on": "2026-12-01"}),
        ("done", {"from_course": "1"}),
        ("done", {"override": ("x=y",)}),
    ],
)
def test_what_does_not_belong_to_it_is_refused(kind: str, more: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match=f"--{next(iter(more)).replace('_', '-')} does not go with --"):
        read(**ALL[kind] | more)


@pytest.mark.parametrize(
    ("kind", "without", "said"),
    [
        ("reaction", "reaction_at", "give --reaction-at"),
        ("reaction", "resume_at", "give --resume-at: when and at which rate it goes on, or --stop"),
        ("reaction", "rate", "give --rate: when and at which rate it goes on, or --stop"),
        ("missed", "rest", "give --rest"),
        ("weight", "from_course", "give --from-course"),
        ("product", "from_course", "give --from-course"),
        ("interval", "from_course", "give --from-course"),
        ("dose", "from_course", "give --from-course"),
    ],
)
def test_what_it_needs(kind: str, without: str, said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        read(**{key: value for key, value in ALL[kind].items() if key != without})
    assert (caught.value.code, caught.value.field) == ("missing", without)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "say what happened: --session, --missed, --new-weight, --product, --every, --dose, --done"),
        ({"from_course": "3"}, "--from-course says not what happened"),
        ({"reaction_at": "10:40"}, "--reaction-at says not what happened"),
        ({"stop": True}, "--stop says not what happened"),
        ({"reaction_at": "10:40", "stop": True}, "--reaction-at says not what happened"),
    ],
)
def test_no_event(words: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        read(**words)
    assert caught.value.code == "one-event"


@pytest.mark.parametrize("more", [{"resume_at": "11:10"}, {"rate": "half"}])
def test_what_is_stopped_does_not_go_on(more: dict[str, str]) -> None:
    with pytest.raises(RequestError, match="what is stopped does not go on") as caught:
        read(session="1.1", reaction_at="10:40", stop=True, **more)
    assert caught.value.code == "contradiction"


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("reaction", "session", ("1", "1.0", "0.1", "1.1.1", "a.b", "", "1,1", "-1.1", "1111.1", "1.100")),
        ("reaction", "reaction_at", ("24:00", "10", "10:60", "", "ten", "10:40:30", "-1:00")),
        ("reaction", "resume_at", ("24:00", "", "soon")),
        ("reaction", "rate", ("", "fast", "1.2", "0 mL/h", "-1 mL/h", "1 g/kg", "1.2 mL", "1e3 mL/h", "mL/h")),
        ("missed", "to", ("2027-02-30", "05.01.2027", "")),
        ("missed", "rest", ("stay", "")),
        ("weight", "new_weight", ("68", "0kg", "", "68 g/kg", "heavy")),
        ("weight", "from_course", ("0", "-1", "1.5", "201", "", "x")),
        ("interval", "every", ("biweekly", "0 weeks", "6", "")),
        ("dose", "dose", ("0 g/kg", "1", "", "1 mL")),
    ],
)
def test_what_cannot_be_read(kind: str, name: str, words: tuple[str, ...]) -> None:
    for word in words:
        with pytest.raises(RequestError, match=f"--{name.replace('_', '-')}: ") as caught:
            read(**ALL[kind] | {name: word})
        assert caught.value.field == name


def test_many_words_that_cannot_be_read() -> None:
    for words in ({"done": ("1.1", "x")}, {"missed": ("2026-12-29", "soon"), "rest": "keep"}):
        with pytest.raises(RequestError):
            read(**words)
    with pytest.raises(RequestError, match="--override: "):
        read(**ALL["weight"] | {"override": ("x",)})
    with pytest.raises(RequestError, match="--dose-basis: "):
        read(**ALL["dose"] | {"dose_basis": "month"})
    with pytest.raises(RequestError, match="--weighed-on: "):
        read(**ALL["weight"] | {"weighed_on": "last week"})


def test_an_unknown_product() -> None:
    with pytest.raises(RequestError):
        read(product="no-such-thing", from_course="3")
