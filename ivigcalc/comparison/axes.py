"""What is varied between the orders of a comparison, and what is put in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from msgspec import Struct

from ivigcalc import library
from ivigcalc.errors import RequestError
from ivigcalc.request.form import COMPARED
from ivigcalc.text import safe

EVERYTHING = "all"
#: kinds of which every shipped one can be asked for
_SHIPPED = ("product", "policy")
_MOST_AXES, MOST_ORDERS = 2, 1000
_RANGE = re.compile(r"([1-9][0-9]?)\.\.([1-9][0-9]?)")
_LIKE_SEVERAL = re.compile(r"[0-9]{1,2}(?: ?(?:[,-]|to) ?[0-9]{1,2})+")


class Axis(Struct, frozen=True):
    """One thing that differs from order to order. `everything`: nobody named them, so one that fails is left out."""

    field: str
    words: tuple[str, ...]
    everything: bool = False


class Orders(Struct, frozen=True):
    """What all orders have in common, and what varies."""

    common: dict[str, str]
    axes: tuple[Axis, ...]

    def each(self) -> Iterable[tuple[str, ...]]:
        """The words of every order, one for each axis; the last axis changes fastest."""
        return product(*(axis.words for axis in self.axes))


def read_orders(said: Mapping[str, Sequence[str]]) -> Orders:
    """What was said of each thing that may be varied; raises `RequestError` where nothing, or too much, varies."""
    axes = [_axis(field, said[field]) for field in COMPARED if said.get(field)]
    common = {axis.field: axis.words[0] for axis in axes if len(axis.words) == 1 and not axis.everything}
    varied = tuple(axis for axis in axes if axis.field not in common)
    if not varied:
        raise RequestError(
            "nothing is varied: give --days 2..5, or --product, --policy, --weight, --dose or --every more than once",
            field="days",
        )
    if len(varied) > _MOST_AXES:
        named = ", ".join(f"--{axis.field}" for axis in varied)
        raise RequestError(
            f"{named} are varied: at most two things at a time can be read side by side, so leave out the others",
            field="days",
        )
    many = len(varied[0].words) * (len(varied[1].words) if len(varied) > 1 else 1)
    if many > MOST_ORDERS:
        raise RequestError(
            f"{many} orders are too many to compare: choose at most {MOST_ORDERS}", field=varied[0].field
        )
    return Orders(common, varied)


def _axis(field: str, said: Sequence[str]) -> Axis:
    if EVERYTHING in said and field in _SHIPPED:
        if len(said) > 1:
            raise RequestError(f"--{field} all is already every one: leave out the others", field=field)
        return Axis(field, tuple(library.shipped(field)), everything=True)
    words = [word for one in said for word in (_counted(one) if field == "days" else [one])]
    return Axis(field, tuple(dict.fromkeys(words)))


def _counted(word: str) -> list[str]:
    """`2..5` -> 2, 3, 4, 5; anything else as it is."""
    if ".." not in word:
        if _LIKE_SEVERAL.fullmatch(word.strip()):
            remedy = "write 2..5 for a range, or --days 2 --days 3"
            raise RequestError(f"--days: '{safe(word)}' is not one number of days: {remedy}", field="days")
        return [word]
    ends = _RANGE.fullmatch(word.strip())
    if ends is None or int(ends[1]) > int(ends[2]):
        remedy = "write two numbers of 1 to 31" if ends is None else "write the lower number first"
        raise RequestError(f"--days: '{safe(word)}' is not a range of days such as 2..5: {remedy}", field="days")
    return [str(number) for number in range(int(ends[1]), int(ends[2]) + 1)]
