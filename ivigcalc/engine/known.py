"""What was worked out before, by the values that it was worked out for. Belongs to the object that it is true for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Known(Generic[_K, _V]):
    """Answers by value; when there are `most` of them it begins again, so that it never grows without end."""

    __slots__ = ("_answers", "_most")

    def __init__(self, most: int) -> None:
        self._answers: dict[_K, _V] = {}
        self._most = most

    def of(self, key: _K, work_out: Callable[[], _V]) -> _V:
        """The answer for a key; of two threads that work it out at once, the answer of the first."""
        found = self._answers.get(key)
        if found is None:
            if len(self._answers) >= self._most:
                self._answers.clear()
            found = self._answers.setdefault(key, work_out())
        return found
