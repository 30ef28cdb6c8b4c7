"""How much a regimen file may say is given: per course or per day, its caps, and what is printed as the least."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.quantity import Quantity

from .block import Field, model_validator
from .fields import Amount, DoseQuantity, Place, Range, refuse
from .source import Cited
from .words import Sentence


class Dose(Cited):
    """How much: per course or per day, per kg or flat; `cap` is the published gram limit of one course."""

    per_course: Range[DoseQuantity] | None = None
    per_day: Range[DoseQuantity] | None = None
    cap: Amount | None = None
    cap_per_day: Amount | None = None
    least: DoseQuantity | None = Field(
        default=None, description="of per_course: printed as at least so much, so that rounding goes no lower"
    )
    note: Sentence | None = None

    @model_validator(mode="after")
    def _one_basis(self) -> Dose:
        if (self.per_course is None) == (self.per_day is None):
            raise ValueError("give exactly one of per_course and per_day")
        refuse([*self._over_cap(), *self._below_least()])
        return self

    def _below_least(self) -> Iterator[tuple[Place, str]]:
        """A least dose that the published one does not keep."""
        least, lowest = self.least, self.published.from_
        if least is None:
            return
        if self.per_course is None:
            yield ("least",), "is of a course: for per_course"
        elif least.dimension != lowest.dimension:
            yield ("least",), f"{least} cannot be compared with {lowest}"
        elif least.base > lowest.base:
            yield ("least",), f"{least} is above the lowest dose of {lowest}"

    def _over_cap(self) -> Iterator[tuple[Place, str]]:
        """Grams above a cap of their own: of a dose per kg the patient decides whether the cap is reached."""
        least, course, day = self.published.from_, self.cap, self.cap_per_day
        if course is not None and day is not None and day.base > course.base:
            yield ("cap_per_day",), f"{day} a day is above the cap of {course} a course"
        if least.dimension == "dose":
            return
        for key, cap in (("cap", course), ("cap_per_day", day if self.per_day is not None else None)):
            if cap is not None and least.base > cap.base:
                yield (key,), f"even {least} is above the cap of {cap}"

    @property
    def published(self) -> Range[Quantity]:
        """The published figure, whichever basis it has."""
        found = self.per_course or self.per_day
        assert found is not None
        return found
