"""How bytes become decisions, and what is raised where the program does what it must not."""

from __future__ import annotations

from typing import Any


class WrongError(AssertionError):
    """The program did what it must never do."""


class Choices:
    """Decisions taken from bytes: the same bytes, the same decisions."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def byte(self) -> int:
        """The next byte; 0 after the last."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def pick(self, options: Any) -> Any:
        """One of the options."""
        return options[(self.byte() * 256 + self.byte()) % len(options)]

    def text(self) -> str:
        """Some of the bytes as text."""
        length = self.byte() % 24
        self._at += length
        return self._data[self._at - length : self._at].decode("utf-8", "replace")

    def rest(self) -> bytes:
        """What is left."""
        return self._data[self._at :]
