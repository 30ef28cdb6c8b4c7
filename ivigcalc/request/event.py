"""What has happened to a plan, in words: as it was typed, and as a saved plan keeps it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["reaction", "missed", "weight", "product", "interval", "dose", "done"]


class EventWords(Struct, frozen=True):
    """One event, in words. `None` = not said."""

    session: str | None = None
    reaction_at: str | None = None
    resume_at: str | None = None
    rate: str | None = None
    stop: bool = False
    missed: tuple[str, ...] = ()
    to: str | None = None
    rest: str | None = None
    new_weight: str | None = None
    weighed_on: str | None = None
    product: str | None = None
    every: str | None = None
    dose: str | None = None
    dose_basis: str | None = None
    from_course: str | None = None
    done: tuple[str, ...] = ()
    override: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[str, ...]:
        """The names of what was said."""
        return tuple(name for name in self.__struct_fields__ if getattr(self, name) not in (None, (), False))


#: what each kind of event is said by, and what may be said with it
HEADS: dict[str, Kind] = {
    "session": "reaction",
    "missed": "missed",
    "new_weight": "weight",
    "product": "product",
    "every": "interval",
    "dose": "dose",
    "done": "done",
}
GOES_WITH: dict[Kind, tuple[str, ...]] = {
    "reaction": ("reaction_at", "resume_at", "rate", "stop"),
    "missed": ("to", "rest", "override"),
    "weight": ("weighed_on", "from_course", "override"),
    "product": ("from_course", "override"),
    "interval": ("dose_basis", "from_course", "override"),
    "dose": ("dose_basis", "from_course", "override"),
    "done": (),
}


def option_of(name: str) -> str:
    """`from_course` -> `--from-course`."""
    return "--" + name.replace("_", "-")
