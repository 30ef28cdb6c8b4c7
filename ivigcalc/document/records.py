"""`ivigcalc.plan/1`, declared once: every key of the document in its order, with its type, its bounds and its promise.

It is written, read, described as JSON Schema, compared and verified from these records; nowhere else is it spelt. What
each key holds stands beside them, in `meanings.toml`.
"""

from decimal import Decimal
from enum import Enum, auto
from typing import Annotated, Literal, NamedTuple, TypedDict, TypeVar, get_args

from ivigcalc.codes import Audience
from ivigcalc.definitions.regimen import Evidence, Reading
from ivigcalc.engine.plan import Level, WeightBasis
from ivigcalc.request.event import EventWords, Kind
from ivigcalc.request.form import Command, Form

Schema = Literal["ivigcalc.plan/1"]
SCHEMA: str = get_args(Schema)[0]

T = TypeVar("T")


class Mark(Enum):
    """What is to be known of a key beside its type."""

    PROMISED = auto()  # by the interface: every version writes it, and none drops it
    WORDS = auto()  # says what the figures are or come from, and is no figure itself
    REWORDED = auto()  # another version may put it in other words
    LINES = auto()  # lines of text: another version may word them otherwise, or have one more or less
    FINGERPRINT = auto()  # tells one state of a definition from another
    UNFOLDED = auto()  # is no key itself: the keys of its type stand in its place


class Bound(NamedTuple):
    """What a value must keep to, by its keyword in JSON Schema."""

    keyword: str
    limit: int | str


class FilledWith(NamedTuple):
    """Of a list: it is not empty where another key of its record has text."""

    key: str


Promised = Annotated[T, Mark.PROMISED]
Fingerprinted = Annotated[T, Mark.PROMISED, Mark.FINGERPRINT]
NotEmpty = Annotated[list[T], Bound("minItems", 1)]

_DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
Date = Annotated[str, Bound("pattern", f"^{_DATE}$")]
Clock = Annotated[str, Bound("pattern", f"^({_DATE}T)?([01][0-9]|2[0-3]):[0-5][0-9]$")]
Sha256 = Annotated[str, Bound("pattern", "^[0-9a-f]{64}$")]
#: a weight, or a dose that is given: never nothing
Positive = Annotated[Decimal, Bound("exclusiveMinimum", 0)]
#: a volume, a rate, minutes, money: never less than nothing
NotNegative = Annotated[Decimal, Bound("minimum", 0)]
WholeMinutes = Annotated[int, Bound("minimum", 0)]
#: a number of things that are there, or the place of one among them
Counted = Annotated[int, Bound("minimum", 1)]


# ---- what it was computed from --------------------------------------------------------------------------------------


class Fingerprint(TypedDict):
    """Which definition, in which version, from which bytes."""

    id: Promised[str]
    version: Fingerprinted[Date]
    sha256: Fingerprinted[Sha256]


class Regimen(TypedDict):
    """The regimen, the protocol in it that was followed, what stands behind that, and what of the source was read."""

    id: Promised[str]
    protocol: Promised[str]
    version: Fingerprinted[Date]
    sha256: Fingerprinted[Sha256]
    evidence: Evidence | None
    patients: Counted | None
    reading: Reading | None


class Policy(Fingerprint):
    """The policy, and the weight formula that it names."""

    formula: Fingerprint | None


class Site(TypedDict):
    """The site file that was in force."""

    id: Promised[str]
    sha256: Fingerprinted[Sha256]
    file: str


class Request(TypedDict):
    """What was asked, in the words of the command line."""

    command: Command
    on: Date | None
    words: Annotated[Form, Mark.UNFOLDED]


class ComputedFrom(TypedDict):
    """Everything that the plan was computed from: enough to compute it again."""

    request: Annotated[Promised[Request], Mark.REWORDED]
    regimen: Promised[Regimen | None]
    product: Promised[Fingerprint]
    policy: Promised[Policy]
    site: Promised[Site | None]
    safety: Fingerprint
    product_class: Fingerprint | None
    defaults_used: Annotated[list[str], Mark.LINES]
    order: str


# ---- weight and dose ------------------------------------------------------------------------------------------------


class DosingWeight(TypedDict):
    """The weight that g/kg is multiplied by, with the others beside it (kg to 0.01, BMI to 0.1)."""

    kg: Promised[Positive]
    basis: Promised[WeightBasis]
    actual_kg: Promised[Positive]
    ideal_kg: Promised[Positive | None]
    adjusted_kg: Promised[Positive | None]
    bmi: Promised[Positive | None]


class RateWeight(TypedDict):
    """The weight that mL/kg/h is multiplied by."""

    kg: Promised[Positive]
    basis: Promised[WeightBasis]


class Course(TypedDict):
    """One treatment cycle: prescribed, rounded, and by how much they differ."""

    prescribed_g: Promised[NotNegative]
    dose_g: Promised[Positive]
    deviation_percent: Promised[Decimal]
    g_per_kg: Promised[NotNegative]
    days: Promised[Counted]
    interval: Promised[str | None]
    phase: str
    first_course: Counted
    courses: Counted
    basis: Literal["course", "day"]
    dosing_weight_kg: Positive | None


class VialCount(TypedDict):
    """How many vials of one size."""

    size_g: Promised[Positive]
    count: Promised[Counted]


# ---- sessions -------------------------------------------------------------------------------------------------------


class Step(TypedDict):
    """A step of one session, with the clock time at which it is set and what is left in the bag after it."""

    step: Promised[Counted]
    rate_ml_per_kg_per_h: Promised[NotNegative | None]
    rate_mg_per_kg_per_min: Promised[NotNegative | None]
    rate_ml_per_h: Promised[NotNegative]
    starts_at: Promised[Clock | None]
    duration_min: Promised[NotNegative]
    volume_ml: Promised[NotNegative]
    cumulative_ml: Promised[NotNegative]
    from_start_min: NotNegative
    remaining_ml: NotNegative
    assumed: bool
    calculated_ml_per_h: NotNegative | None


class InfusionTime(TypedDict):
    """How long the infusion is to last."""

    from_min: NotNegative | None
    to_min: NotNegative | None
    source: str | None


class Bottle(TypedDict):
    """A bottle of one session, with the clock times at which it is hung and changed."""

    bottle: Counted
    size_g: Positive
    volume_ml: NotNegative
    from_start_min: NotNegative
    to_min: NotNegative
    starts_at: Clock | None
    ends_at: Clock | None


class Pause(TypedDict):
    """An interruption of one session, in minutes from its start: what was in and left, the rates before and after."""

    reaction_at: Clock | None
    resume_at: Clock | None
    at_min: WholeMinutes
    resume_min: WholeMinutes | None
    in_ml: NotNegative
    left_ml: NotNegative
    rate_before_ml_per_h: NotNegative
    rate_after_ml_per_h: NotNegative | None
    rate: str | None


class Session(TypedDict):
    """One infusion visit."""

    course: Promised[Counted]
    day: Promised[Counted]
    date: Promised[Date | None]
    weekday: Promised[str | None]
    starts_at: Promised[Clock | None]
    ends_at: Promised[Clock | None]
    dose_g: Promised[Positive]
    volume_ml: Promised[NotNegative | None]
    duration_min: Promised[WholeMinutes | None]
    vials: Promised[list[VialCount]]
    leftover_g: Promised[NotNegative]
    steps: Annotated[Promised[list[Step]], FilledWith("ladder")]
    phase: str
    ladder: str | None
    bottles: list[Bottle]
    visit_from: Clock | None
    visit_to: Clock | None
    infusion_time: InfusionTime | None
    done: bool
    product: str
    pauses: list[Pause]


class Cost(TypedDict):
    """What the grams cost at the site's own price."""

    amount: Promised[NotNegative]
    currency: Promised[str]


class Totals(TypedDict):
    """Sums over all sessions."""

    courses: Promised[Counted]
    sessions: Promised[Counted]
    dose_g: Promised[Positive]
    volume_ml: Promised[NotNegative | None]
    vials: Promised[list[VialCount]]
    leftover_g: Promised[NotNegative]
    cost: Promised[Cost | None]


# ---- what is said ---------------------------------------------------------------------------------------------------


class Notice(TypedDict):
    """Something the reader must know. A stop is here only when it was overridden."""

    code: Promised[str]
    level: Promised[Level]
    message: Promised[str]
    value: Promised[str | None]
    limit: Promised[str | None]
    source: Promised[str | None]
    overridden_because: Promised[str | None]
    sessions: list[tuple[Counted, Counted]]
    audience: Audience
    count: Counted


class TraceEntry(TypedDict):
    """One number, and how to redo it by hand."""

    name: Promised[str]
    expression: Promised[str]
    inputs: Promised[dict[str, Decimal | str]]
    result: Promised[Decimal | str | None]
    unit: Promised[str]
    source: Promised[str | None]


# ---- what has changed since ------------------------------------------------------------------------------------------


class Event(TypedDict):
    """What happened, in the words of the command line."""

    kind: Kind
    words: Annotated[EventWords, Mark.UNFOLDED]


class Revision(TypedDict):
    """One change of the plan: what happened, why, told by whom and on which day."""

    number: Counted
    event: Annotated[Event, Mark.REWORDED]
    reason: str | None
    by: str | None
    at: Date
    previous_sha256: Annotated[Sha256, Mark.REWORDED]


class Was(TypedDict):
    """A session as it was before a change."""

    course: Counted
    day: Counted
    date: Date | None
    starts_at: Clock | None
    ends_at: Clock | None
    dose_g: Positive
    volume_ml: NotNegative | None
    duration_min: WholeMinutes | None
    product: str


class Revised(Revision):
    """A change with what it changed."""

    changed: list[tuple[Counted, Counted]]
    before: list[Was]
    to_product: Fingerprint | None


class Document(TypedDict):
    """Everything computed for one patient."""

    schema: Promised[Schema]
    ivigcalc_version: Promised[str]
    computed_from: Annotated[Promised[ComputedFrom], Mark.WORDS]
    dosing_weight: Promised[DosingWeight]
    rate_weight: Promised[RateWeight]
    course: Promised[Course]
    sessions: Promised[NotEmpty[Session]]
    totals: Promised[Totals]
    notices: Annotated[Promised[list[Notice]], Mark.WORDS, Mark.LINES]
    trace: Annotated[Promised[list[TraceEntry]], Mark.WORDS, Mark.LINES]
    phases: NotEmpty[Course]
    sources: Annotated[list[str], Mark.WORDS, Mark.LINES]
    last_covered: Date | None
    check: Annotated[str, Mark.WORDS, Mark.REWORDED]
    revision: Annotated[Revision | None, Mark.WORDS]
    history: Annotated[list[Revised], Mark.WORDS]
