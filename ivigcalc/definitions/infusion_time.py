"""How long an infusion lasts, where a source prints it."""

from __future__ import annotations

from typing import Annotated

from ivigcalc.clock import DAY_MIN

from .block import Field, model_validator
from .fields import Count, Minutes, Text
from .source import Cited


class InfusionTime(Cited):
    """How long one infusion lasts: at least `from`, at most `to`; one of them where the source prints only one."""

    from_: Minutes | None = Field(default=None, alias="from")
    to: Minutes | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _ordered(self) -> InfusionTime:
        if self.from_ is None and self.to is None:
            raise ValueError("give 'from', 'to' or both")
        if self.from_ is not None and self.to is not None and self.from_.base > self.to.base:
            raise ValueError(f"'from' must not be above 'to'; {self.from_} is above {self.to}")
        for end in (self.from_, self.to):
            if end is not None and end.base > DAY_MIN:
                raise ValueError(f"an infusion is of one day; {end} is longer than 24 h; allowed: up to 24 h")
        return self

    def __str__(self) -> str:
        if self.from_ is None or self.to is None:
            return f"at most {self.to}" if self.from_ is None else f"at least {self.from_}"
        return f"{self.from_}" if self.from_.base == self.to.base else f"{self.from_} to {self.to}"


class CourseTime(InfusionTime):
    """The same of a protocol or a phase."""

    of_days: Annotated[Count, Field(ge=1, le=31)] | None = Field(
        default=None, description="it is printed for a course on so many days; absent = on any number"
    )
