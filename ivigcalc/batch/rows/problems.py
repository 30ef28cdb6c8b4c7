"""Everything that is wrong with one row, so that it is corrected once: each cell is read by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ivigcalc import library
from ivigcalc.batch.rows.outcome import Failed, failed
from ivigcalc.definitions import Site
from ivigcalc.errors import IvigcalcError, RequestError
from ivigcalc.request.fields import FIELD

#: what every plan needs, and an example of it
_NEEDED = {
    "weight": "give the body weight",
    "start": "give the first day",
    "regimen": "give the regimen",
    "product": "give the product",
}


def problems(cells: Iterator[tuple[str, Any]], words: Mapping[str, Any], site: Site) -> Iterator[Failed]:
    """What cannot be read or found. `cells`: field and its words, or why its cell has none; `words`: those of the row
    and the defaults."""
    wrong = set()
    for field, found in cells:
        error = found if isinstance(found, RequestError) else _raised(partial(_look_at, field, found, words))
        if error is not None:
            wrong.add(field)
            yield failed(error)
    known = {**words, "product": words.get("product") or site.default.product}
    known["regimen"] = words.get("regimen") or words.get("indication")
    for field, what in _NEEDED.items():
        if not known.get(field) and field not in wrong:
            yield Failed("missing", field, what)


def _look_at(field: str, said: Any, words: Mapping[str, Any]) -> None:
    if FIELD[field].of != "asked":
        FIELD[field].exact(said)
    elif field == "regimen":
        library.regimen(said)
    elif field == "product":
        library.product(said, words.get("country"))
    elif field == "policy":
        library.policy(said)


def _raised(look: Callable[[], None]) -> IvigcalcError | None:
    try:
        look()
    except IvigcalcError as error:
        return error
    return None
