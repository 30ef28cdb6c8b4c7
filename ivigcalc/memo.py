"""Results remembered by the identity of the arguments: for pure functions of definitions, which are slow to compare.

`shared` gives equal values one identity.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

_R = TypeVar("_R")


def remembered(size: int, by: int | None = None) -> Callable[[Callable[..., _R]], Callable[..., _R]]:
    """Remember up to `size` results of a function of frozen objects, asked again with the very same ones.

    `by`: so many of the first arguments settle the result. The arguments are kept, so that their identity stays theirs.
    """

    def decorate(function: Callable[..., _R]) -> Callable[..., _R]:
        known: dict[tuple[int, ...], tuple[tuple[Any, ...], _R]] = {}

        @wraps(function)
        def call(*arguments: Any) -> _R:
            key = tuple(map(id, arguments[:by]))
            found = known.get(key)
            if found is None:
                if len(known) >= size:
                    known.clear()
                found = known[key] = arguments, function(*arguments)
            return found[1]

        call.cache_clear = known.clear  # type: ignore[attr-defined]  # as functools names it
        return call

    return decorate


def shared(value: _R) -> _R:
    """The same object for equal ones, so that what is remembered of it is found again."""
    return cast(_R, _first_like(value))


@lru_cache(maxsize=8192, typed=True)
def _first_like(value: object) -> object:
    return value
