"""What a regimen file may say: one indication, with the protocols that somebody published for it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from ivigcalc.quantity import Quantity, in_months

from .block import Field, model_validator
from .condition import AgeRange
from .dose import Dose
from .fields import (
    Bool,
    Count,
    DoseQuantity,
    Identifier,
    IgGLevel,
    Interval,
    Place,
    Range,
    RatePerKg,
    Text,
    refuse,
)
from .infusion_time import CourseTime
from .product import RiskName
from .source import Cited, Definition, Said
from .weight import DosingWeight
from .words import Sentence

Confidence = Literal["high", "medium", "low"]
Evidence = Literal[
    "label",
    "guideline",
    "consensus",
    "randomised-trial",
    "trial",
    "cohort",
    "case-series",
    "case-report",
    "review",
    "registry",
    "tertiary",
]
Reading = Literal["original", "copy", "abstract", "secondary"]
Category = Literal[
    "connective-tissue",
    "dermatology",
    "neurology",
    "haematology",
    "immunodeficiency",
    "paediatric",
    "transplant",
    "obstetric",
    "infection",
    "other",
]


#: patients without others to compare them with
#: evidence that is never of high confidence
SERIES = ("case-series", "case-report")
SERIES_IS_LESS = "a series or a case is medium or low"


class Population(Cited):
    """For whom the protocol was published; where it names no source, the protocol's."""

    age: AgeRange | None = Field(default=None, description="only what the cited text prints")
    group: Literal["adult", "paediatric", "newborn"] | None = Field(
        default=None,
        description="where the text prints no age: for whom the reading on file takes it; a caution, no stop",
    )
    text: Sentence | None = None

    @model_validator(mode="after")
    def _age_or_group(self) -> Population:
        # of newborns an age may stand beside it, from which on nobody doubts that the text means others
        if self.age is not None and self.group not in (None, "newborn"):
            raise ValueError("give the age that the text prints, or the group where it prints none, not both")
        return self


class RiskDays(Cited):
    """The number of days that is printed for patients at one of these risks."""

    risks: tuple[RiskName, ...] = Field(min_length=1)
    days: Annotated[Count, Field(ge=1, le=31)]


class Days(Cited):
    """Over how many infusion days one course is given; without `from` only the most is printed."""

    from_: Annotated[Count, Field(ge=1, le=31)] | None = Field(default=None, alias="from")
    to: Annotated[Count, Field(ge=1, le=31)]
    consecutive: Bool | None = Field(default=None, description="absent = the source does not say")
    equal: Bool | None = None
    at_risk: RiskDays | None = Field(default=None, description="how many for patients at a risk, where it is printed")
    note: Sentence | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Days:
        if self.fewest > self.to:
            raise ValueError(f"'from' must not be above 'to'; {self.fewest} is above {self.to}")
        if self.at_risk is not None and not self.allow(self.at_risk.days):
            raise ValueError(
                f"at_risk: {self.at_risk.days} is not among the {self} days of a course; allowed: {self} days"
            )
        return self

    def for_risks(self, risks: tuple[str, ...]) -> RiskDays | None:
        """The number for a patient with these risks, where one is printed."""
        printed = self.at_risk
        return printed if printed is not None and not set(printed.risks).isdisjoint(risks) else None

    @property
    def fewest(self) -> int:
        """The fewest that may be ordered: as printed, else one."""
        return self.from_ or 1

    def allow(self, days: int) -> bool:
        """Whether a course may have so many."""
        return self.fewest <= days <= self.to

    @property
    def single(self) -> int | None:
        """The number where exactly one was published, else None."""
        return self.from_ if self.from_ == self.to else None

    def __str__(self) -> str:
        if self.from_ is None:
            return f"at most {self.to}"
        return f"{self.from_}" if self.single is not None else f"{self.from_} to {self.to}"


class Every(Cited):
    """From the first day of one course to the first day of the next."""

    every: Range[Interval]
    note: Sentence | None = None


class Apart(Cited):
    """How close, or how far, from each other courses may begin, where no interval is printed."""

    at_least: Interval | None = None
    at_most: Interval | None = None
    note: Sentence | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Apart:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most or both")
        low, high = self.at_least, self.at_most
        if low is not None and high is not None and in_months(low) > in_months(high):
            raise ValueError(f"at_least must not be above at_most; {low} is above {high}")
        return self

    def allows(self, every: Quantity) -> bool:
        """Whether courses may begin so far apart."""
        low, high, span = self.at_least, self.at_most, in_months(every)
        return (low is None or in_months(low) <= span) and (high is None or span <= in_months(high))

    def __str__(self) -> str:
        ends = (("at least", self.at_least), ("at most", self.at_most))
        return " and ".join(f"{words} {end}" for words, end in ends if end is not None)


class Courses(Cited):
    """How many courses; leave out `to` where the source gives only a minimum."""

    from_: Annotated[Count, Field(ge=1)] = Field(alias="from")
    to: Annotated[Count, Field(ge=1)] | None = None
    note: Sentence | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Courses:
        if self.to is not None and self.from_ > self.to:
            raise ValueError(f"'from' must not be above 'to'; {self.from_} is above {self.to}")
        return self

    @property
    def single(self) -> int | None:
        """The number where exactly one was published, else None."""
        return self.from_ if self.to == self.from_ else None


class Limit(Cited):
    """A published limit on the dose per day, per course or per interval of four weeks."""

    per: Literal["day", "course", "4-weeks"]
    max: DoseQuantity
    level: Literal["caution", "stop"]
    note: Sentence | None = None


class Target(Cited):
    """What later doses are steered by, e.g. a trough IgG."""

    trough_igg: Range[IgGLevel] | None = None
    text: Sentence | None = None


class Phase(Cited):
    """One stretch of a protocol, e.g. loading or maintenance; same keys as a protocol without phases."""

    id: Identifier
    title: Text | None = None
    dose: Dose | None = None
    days: Days | None = None
    interval: Every | None = None
    apart: Apart | None = Field(default=None, description="instead of an interval: how close or far courses may be")
    courses: Courses | None = None
    time: CourseTime | None = Field(default=None, description="how long each infusion lasts, as printed")


class Protocol(Cited):
    """One published way to treat the indication."""

    title: Text = Field(default="", description="the protocol's id where it is left out")
    evidence: Evidence | None = Field(default=None, description="what stands behind it")
    patients: Annotated[Count, Field(ge=1)] | None = Field(
        default=None, description="how many were studied, where the text that was read prints it"
    )
    reading: Reading | None = Field(default=None, description="what of the source was read")
    confidence: Confidence
    population: Population | None = None
    country: Text | None = Field(default=None, description="where the label or guideline counts: US, EU, CA, ...")
    products: tuple[Identifier, ...] = Field(
        default=(), description="the products whose label it is; a default for no other"
    )
    dose: Dose | None = None
    days: Days | None = None
    interval: Every | None = None
    apart: Apart | None = Field(default=None, description="instead of an interval: how close or far courses may be")
    courses: Courses | None = None
    time: CourseTime | None = Field(default=None, description="how long each infusion lasts, as printed")
    phases: tuple[Phase, ...] = ()
    limits: tuple[Limit, ...] = ()
    no_dose_because: Text | None = Field(
        default=None, description="what the source says instead, where it prints no dose"
    )
    target: Target | None = None
    review: Said | None = None
    taper: Said | None = None
    dosing_weight: DosingWeight | None = Field(
        default=None, description="the source's own rule; used where no policy is named, and not to be contradicted"
    )
    weight: Said | None = Field(default=None, description="what the source says of the dosing weight, in words")
    notes: tuple[Sentence, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Protocol:
        refuse(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[tuple[Place, str]]:
        own = [key for key in ("dose", "days", "interval", "apart", "courses") if getattr(self, key) is not None]
        if self.phases and own:
            yield (own[0],), f"a protocol with phases has no {', '.join(own)} of its own"
        for index, again in enumerate(self.phases):
            if again.id in [earlier.id for earlier in self.phases[:index]]:
                yield ("phases", index, "id"), f"'{again.id}' is the id of an earlier phase"
        for index, phase in enumerate(self.stages):
            place: Place = ("phases", index) if self.phases else ()
            if phase.dose is None and self.no_dose_because is None:
                yield place, "no dose; say why in no_dose_because"
            if phase.dose and phase.dose.per_day and phase.days is None:
                yield (*place, "dose"), "a dose per day needs days"
            yield from self._over_limit(phase, (*place, "dose"))
            yield from self._over_cap_of_days(phase, (*place, "dose", "cap_per_day"))
            if phase.interval is not None and phase.apart is not None:
                yield (*place, "apart"), "is for a source that prints no interval; give one of the two"
            yield from self._other_days(phase, place)

    def _over_limit(self, phase: Phase, place: Place) -> Iterator[tuple[Place, str]]:
        per_course = phase.dose.per_course if phase.dose else None
        if per_course is None or phase.days is None or per_course.from_.dimension != "dose":
            return
        least = per_course.from_.base / phase.days.to
        for limit in self.limits:
            if limit.per == "day" and limit.max.dimension == "dose" and least > limit.max.base:
                yield place, f"{per_course.from_} over {phase.days.to} days is above the limit of {limit.max} per day"

    def _over_cap_of_days(self, phase: Phase, place: Place) -> Iterator[tuple[Place, str]]:
        """Grams of a course that the most days cannot hold under the cap of a day."""
        grams, cap = (phase.dose.per_course, phase.dose.cap_per_day) if phase.dose else (None, None)
        if grams is None or cap is None or phase.days is None or grams.from_.dimension == "dose":
            return
        if grams.from_.base > cap.base * phase.days.to:
            yield place, f"{grams.from_} over {phase.days.to} days is above the cap of {cap} a day"

    def _other_days(self, phase: Phase, place: Place) -> Iterator[tuple[Place, str]]:
        """A time that is printed for a number of days on which no course is given."""
        time, days = phase.time, phase.days
        if time and time.of_days and days and not days.allow(time.of_days):
            yield (*place, "time", "of_days"), f"{time.of_days} is not among the {days} days of a course"

    def stages_named(self, name: str | None) -> tuple[Phase, ...]:
        """The phase of a name, if there is one; all of them where none is named."""
        return tuple(phase for phase in self.stages if name in (None, phase.id))

    @cached_property
    def stages(self) -> tuple[Phase, ...]:
        """The phases; a protocol without any is one phase of its own keys."""
        if self.phases:
            return self.phases
        return (
            Phase(
                id="course",
                title=None,
                dose=self.dose,
                days=self.days,
                interval=self.interval,
                apart=self.apart,
                courses=self.courses,
                time=self.time,
                source=None,
            ),
        )


_LOW_DEFAULT = "the first protocol is the default, so it may not be one of low confidence"
_LESSER_DEFAULT = "the first protocol is the default: a label or guideline of high confidence goes first"


class RateCeiling(Cited):
    """A rate that must not be passed in an indication, whatever the product."""

    rate: RatePerKg
    note: Sentence | None = None


class Regimen(Definition):
    """One indication."""

    kind: Literal["regimen"]
    category: Category
    indication: Identifier | None = Field(
        default=None, description="what the rate tables of products are looked up under; the id if left out"
    )
    synonyms: tuple[Text, ...] = ()
    rate_ceiling: RateCeiling | None = Field(
        default=None, description="the most that is printed for this indication, whatever the product"
    )
    protocols: dict[Identifier, Protocol] = Field(min_length=1)
    notes: tuple[Sentence, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _name_protocols(cls, data: Any) -> Any:
        protocols = data.get("protocols") if isinstance(data, dict) else None
        if not isinstance(protocols, dict):
            return data
        named = {k: {"title": k, **p} if isinstance(p, dict) else p for k, p in protocols.items()}
        return {**data, "protocols": named}

    @property
    def treats(self) -> str:
        """The indication id that rate tables are looked up under."""
        return self.indication or self.id

    @model_validator(mode="after")
    def _no_series_is_called_high(self) -> Regimen:
        if self.schema_ > 1:  # in schema 1 it could be; `upgrade` mends it
            refuse(
                (("protocols", name, "confidence"), f"high, with evidence {p.evidence}: {SERIES_IS_LESS}")
                for name, p in self.protocols.items()
                if p.confidence == "high" and p.evidence in SERIES
            )
        return self

    @model_validator(mode="after")
    def _default_is_trustworthy(self) -> Regimen:
        first = next(iter(self.protocols.values()))
        if first.confidence == "low" and any(p.confidence != "low" for p in self.protocols.values()):
            refuse([(("protocols",), _LOW_DEFAULT)])
        if not _is_authority(first) and any(_is_authority(p) for p in self.protocols.values()):
            refuse([(("protocols",), _LESSER_DEFAULT)])
        return self


def _is_authority(protocol: Protocol) -> bool:
    return protocol.confidence == "high" and protocol.evidence in ("label", "guideline")
