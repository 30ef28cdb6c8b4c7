"""Everything that can be asked, one row for each thing: how it is said, how it is read, and how it is written back.

The options and their help, the columns of a batch, the reading of a `Form`, the words of a saved plan and the inputs
that are printed all come from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from msgspec import Struct

from ivigcalc.clock import clock_text
from ivigcalc.errors import RequestError
from ivigcalc.request import words
from ivigcalc.request.form import Command, Words
from ivigcalc.request.request import NO_RISK, InfusionKind, Request, Risk, Treatment
from ivigcalc.request.written import write_order


class Field(Struct, frozen=True):
    """One thing that can be asked. `of` is the record of a request that holds it; "asked" is a name to look up."""

    name: str
    of: Literal["patient", "order", "asked"]
    help: str
    metavar: str = ""
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    holds: Literal["one", "many", "yes"] = "one"
    #: the letter of a short option
    short: str = ""
    #: the commands that ask for it
    commands: tuple[Command, ...] = get_args(Command)
    #: columns of a batch that hold a plain number, and the unit that their name states
    columns: tuple[tuple[str, str], ...] = ()
    #: the field that it is said in place of, so that a request has one of the two
    instead_of: str = ""
    #: what paper calls it in the line of inputs, where not by its name; None where paper has it elsewhere
    printed: str | None = ""
    #: its name in the record that holds it, where not its own
    stored: str = ""

    @property
    def option(self) -> str:
        """`pre_pregnancy_weight` -> `--pre-pregnancy-weight`."""
        return "--" + self.name.replace("_", "-")

    @property
    def key(self) -> str:
        """Its name in the record that holds it: the plural, where it holds many."""
        return self.stored or (f"{self.name}s" if self.holds == "many" else self.name)

    @property
    def label(self) -> str:
        """What paper calls it."""
        return self.printed or self.key.replace("_", " ")

    @property
    def unsaid(self) -> Words:
        """Its words where nobody said it."""
        return {"one": None, "many": (), "yes": False}[self.holds]

    def takes(self, words: object) -> bool:
        """Whether these are words that it can be said in, whatever they say."""
        if self.holds == "many":
            return isinstance(words, tuple) and all(isinstance(word, str) for word in words)
        return isinstance(words, bool) if self.holds == "yes" else words is None or isinstance(words, str)

    def exact(self, said: Any) -> Any:
        """What its words say; raises `RequestError` naming the field."""
        try:
            if self.holds == "one":
                return self.read(said)
            return tuple(dict.fromkeys(map(self.read, said))) if self.holds == "many" else said
        except ValueError as error:
            why = error if self.holds == "many" or said.strip() else "is empty; give it, or leave out the option"
            raise RequestError(f"{self.option}: {why}", field=self.name) from None

    def words_of(self, request: Request) -> Words:
        """The words that give again what a request has of it."""
        value = getattr(getattr(request, self.of), self.key)
        if self.holds == "many":
            return tuple(map(self.write, value))
        if self.holds == "yes":
            return value  # type: ignore[no-any-return]
        return None if value is None or value == () else self.write(value)


def _read_order(line: str) -> tuple[Treatment, ...]:
    from ivigcalc.request.shorthand import read_order  # few orders are given in one line

    return read_order(line)


_COURSES: tuple[Command, ...] = ("dose", "schedule")
_DATES: tuple[Command, ...] = ("schedule", "rates")

#: in the order of the help page
FIELDS: tuple[Field, ...] = (
    Field(
        "weight",
        "patient",
        "Body weight with its unit: 72kg, 4500g, 158lb, 11st4lb.",
        "WEIGHT",
        words.weight,
        columns=(("weight_kg", "kg"), ("weight_lb", "lb")),
    ),
    Field("weighed_on", "patient", "When it was weighed.", "DATE", words.day, printed="weighed"),
    Field(
        "height",
        "patient",
        "175cm, 1.75m, 69in, 5ft9in or 5'9\".",
        "HEIGHT",
        words.height,
        columns=(("height_cm", "cm"),),
    ),
    Field("sex", "patient", "male or female, or M or F (for the ideal weight).", "SEX", words.sex),
    Field("age", "patient", "54y or 7mo.", "AGE", words.age, columns=(("age_years", "y"),)),
    Field("birth_date", "patient", "Instead of --age.", "DATE", words.day, instead_of="age", printed="born"),
    Field("pregnant", "patient", "The patient is pregnant.", holds="yes"),
    Field(
        "pre_pregnancy_weight",
        "patient",
        "Weight before the pregnancy, with its unit.",
        "WEIGHT",
        words.weight,
        printed="weight before pregnancy",
    ),
    Field(
        "previous_weight",
        "patient",
        "The weight dosed on last time, to see how much it changed.",
        "WEIGHT",
        words.weight,
        printed="weight last time",
    ),
    Field(
        "risk",
        "patient",
        "renal, thrombosis or cardiac; repeat for more than one. none: asked, and there is none.",
        "RISK",
        words.one_of(*get_args(Risk), NO_RISK),
        holds="many",
    ),
    Field(
        "condition",
        "patient",
        "e.g. iga-deficiency-with-antibodies, hyperprolinaemia; repeatable.",
        "CONDITION",
        words.printable,
        holds="many",
    ),
    Field("name", "patient", "Printed only.", "TEXT", words.printable, printed=None),
    Field("patient_id", "patient", "Printed only.", "TEXT", words.printable, printed=None),
    Field(
        "regimen",
        "asked",
        "Regimen id, id:protocol, or a YAML file.",
        "ID[:PROTOCOL]|FILE",
        short="-r",
        commands=_COURSES,
    ),
    Field(
        "indication",
        "asked",
        "Indication, to find the product's titration; for a plan the same as --regimen.",
        "ID",
        instead_of="regimen",
    ),
    Field("product", "asked", "Product id or a YAML file.", "ID|FILE", short="-p"),
    Field(
        "country",
        "asked",
        "Country, as US: picks a brand's product and a protocol's label; else the site's.",
        "COUNTRY",
        words.country,
        printed=None,
    ),
    Field("policy", "asked", "Dosing-weight and rounding policy; actual-weight if not given.", "ID|FILE"),
    Field(
        "order",
        "order",
        'All of it in one line: "2 g/kg d1-2 q28d x6", "loading 2 g/kg d1-5, then 1 g/kg d1 q21d x8".',
        "ORDER",
        _read_order,
        write_order,
        commands=_COURSES,
        printed=None,
        stored="by_phase",
    ),
    Field(
        "phase",
        "order",
        "Only this phase of the protocol, e.g. maintenance; all of them if not given.",
        "ID",
        commands=_COURSES,
        printed=None,
    ),
    Field(
        "dose",
        "order",
        '"2 g/kg/course", "400 mg/kg/day", or 70g; without /day or /course as the protocol prints it.',
        "DOSE",
        words.dose,
    ),
    Field(
        "dose_basis",
        "order",
        "Whether the dose is for each course or for each four weeks; needed when --every is not the protocol's.",
        "course|4-weeks",
        words.one_of("course", "4-weeks"),
        commands=("schedule",),
    ),
    Field(
        "days",
        "order",
        "Infusion days of one course; the fewest that meet every limit if not given.",
        "N",
        words.count(31),
        commands=_COURSES,
    ),
    Field(
        "over",
        "order",
        'How long each infusion is to last: "12 h", "90 min"; as printed, else as the rates allow, if not given.',
        "TIME",
        words.infusion_time,
    ),
    Field(
        "every",
        "order",
        'From course to course: "4 weeks", "1 month", q4w, monthly.',
        "INTERVAL",
        words.interval,
        commands=("schedule",),
    ),
    Field(
        "courses",
        "order",
        "How many courses; the protocol's number, else 1.",
        "N",
        words.count(200),
        commands=("schedule",),
    ),
    Field("start", "order", "First day, as 2026-12-01.", "DATE", words.day, commands=_DATES),
    Field("at", "order", "When the infusion starts, as 09:00.", "HH:MM", words.clock, clock_text, commands=_DATES),
    Field(
        "infusion",
        "order",
        "first or subsequent: did the patient have this product before?",
        "WHICH",
        words.one_of(*get_args(InfusionKind)),
    ),
    Field(
        "last_infusion",
        "order",
        "Day of the last infusion: after a long gap the next is titrated as a first one.",
        "DATE",
        words.day,
    ),
    Field("last_product", "order", "Product of the last infusion: another brand is titrated as a first one.", "ID"),
    Field("valid_for", "order", 'How long the order is valid: "6 months".', "TIME", words.span, commands=("schedule",)),
    Field(
        "override",
        "order",
        'Go on in spite of a stop: CODE="reason". Printed on every output of the plan.',
        "CODE=REASON",
        words.override,
        "=".join,
        holds="many",
        printed=None,
    ),
)
FIELD = {field.name: field for field in FIELDS}
