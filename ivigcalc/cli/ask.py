"""ask: a guided run, one question after the other, that ends with the plan and the command line for it.

Plain lines, one above the other, so that a screen reader reads them in order. What the order leaves open is asked for
by the engine's own words.
"""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import typer
from msgspec import Struct

from ivigcalc.cli.lean import add_command
from ivigcalc.cli.show import Look, NoColorOption, SiteOption, show
from ivigcalc.cli.today import today
from ivigcalc.errors import IvigcalcError, RefusedError, RequestError
from ivigcalc.request.fields import FIELD, FIELDS, Field
from ivigcalc.request.form import Command, Form

if TYPE_CHECKING:
    from ivigcalc.definitions import Loaded, Site
    from ivigcalc.engine.plan import Plan

_BACK, _HELP = "<", "?"


class Question(Struct, frozen=True):
    """What is asked for one field. `skipped`: what is done where nothing is said; None where it must be said."""

    field: str
    text: str
    skipped: str | None = None


QUESTIONS = (
    Question("regimen", "What is treated (name or id, as cidp, ITP, dermatomyositis)"),
    Question("product", "Product (name or id, as octagam-10-us)"),
    Question("weight", "Body weight with its unit, as 72kg or 158lb"),
    Question("age", "Age, as 54y or 7mo", "age is not looked at"),
    Question("height", "Height with its unit, as 175cm or 5ft9in", "no ideal weight, no BMI"),
    Question("sex", "Sex for the ideal weight, male or female", "no ideal weight"),
    Question("risk", "Risks: renal, thrombosis, cardiac, or none; several with commas", "not said"),
    Question("condition", "Conditions, as hyperprolinaemia; several with commas", "none"),
    Question("policy", "Policy of dosing weight and rounding", "the site's, else actual-weight"),
    Question("order", 'Order in one line, as "2 g/kg d1-2 q4w x6"', "as the protocol prints"),
    Question("start", "First day, as 2026-12-01", "one course without dates"),
)
#: asked only where there is a first day
DATED = (
    Question("at", "Start of the infusion, as 09:00", "no clock times"),
    Question("courses", "How many courses", "the order's, else the protocol's, else 1"),
)


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    add_command(app, "ask", ask, "ask")


def ask(site: SiteOption = None, no_color: NoColorOption = False) -> None:
    """A guided run: one question after the other, then the plan and the command line for it."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        raise RequestError("ask needs a terminal to ask at; `ivigcalc dose --help` shows the same as options")
    from ivigcalc.cli.sites import find_site

    interview = Interview(find_site(site))
    _say(f"Enter after each answer. {_HELP} explains a question, {_BACK} goes back to the one before, Ctrl-C ends.")
    interview.all(QUESTIONS)
    if interview.words.get("start"):
        interview.all(DATED)
    plan = interview.settled()
    _say("")
    show(plan, Look(no_color=no_color))
    _say("\nThe same as a command:")
    _say(command_line(interview.form, interview.command, site))


class Interview:
    """The answers so far, each read as soon as it is given."""

    def __init__(self, site: Loaded[Site]) -> None:
        self._site = site
        self.words: dict[str, Any] = {}
        self._shown = ""
        self._filled_in = ""

    @property
    def form(self) -> Form:
        """What has been said."""
        return Form(**self.words)

    @property
    def command(self) -> Command:
        """A plan with dates where there is a first day."""
        return "schedule" if self.words.get("start") else "dose"

    def all(self, questions: tuple[Question, ...]) -> None:
        """Ask one after the other; `<` goes back."""
        place = 0
        while place < len(questions):
            place = max(0, place + (1 if self._one(questions[place], f"{place + 1} of {len(questions)}") else -1))

    def settled(self) -> Plan:
        """The plan, when everything that it leaves open was asked. Raises `RefusedError` for a stop that stands."""
        while True:
            try:
                return self._plan()
            except RefusedError as refused:
                self._in_spite_of(refused)
            except RequestError as error:
                if error.field not in FIELD:
                    raise
                _say(str(error))
                self._one(self._again(error.field), "needed")

    def _again(self, name: str) -> Question:
        """The question that is still open; an answer that was given and may be left out can be taken back."""
        asked = next((each for each in (*QUESTIONS, *DATED) if each.field == name), None)
        skipped = asked.skipped if asked and name in self.words else None
        return Question(name, f"{FIELD[name].option}", skipped)

    def _plan(self) -> Plan:
        from ivigcalc.api import plan_form

        return plan_form(self.form, self.command, on=today(), site=self._site)

    def _one(self, question: Question, place: str) -> bool:
        """Ask until it can be read; False where the one before is wanted."""
        field = FIELD[question.field]
        skipped = self._skipped(question)
        hint = f" (Enter: {skipped})" if skipped else ""
        while True:
            said = _read(f"[{place}] {question.text}{hint}: ")
            if said == _BACK:
                return False
            if said == _HELP:
                _say(f"  {field.help}")
                continue
            if not said and skipped is None:
                _say("  This has to be said.")
                continue
            try:
                self._take(field, said)
                self._so_far(field.name)
            except IvigcalcError as error:
                _say(f"  {error}")
                continue
            return True

    def _skipped(self, question: Question) -> str | None:
        """What is done where nothing is said, with the figures that are known by now."""
        default = self._site.value.default.product
        if question.field == "product" and default:
            return f"{default}, the default of site {self._site.value.id}"
        if question.field == "order" and self._filled_in:
            return f"as the protocol prints, {self._filled_in}"
        return question.skipped

    def _take(self, field: Field, said: str) -> None:
        """Keep an answer that can be read; raises `IvigcalcError` for another."""
        if not said:
            self.words.pop(field.name, None)
            return
        words: Any = tuple(part.strip() for part in said.split(",") if part.strip()) if field.holds == "many" else said
        found = _looked_up(field.name, said, self._site) if field.of == "asked" else ""
        if field.of != "asked":
            field.exact(words)
        self.words[field.name] = words
        if found:
            _say(f"  {found}")

    def _so_far(self, name: str) -> None:
        """What the answers give, as soon as they give anything, and again when it changes. Raises what is wrong with
        the answer of that name, which is taken back.
        """
        if not {"regimen", "weight"} <= set(self.words):
            return
        try:
            text = self._brief()
        except RefusedError as refused:
            text = f"refused ({', '.join(refused.codes)}): {refused}"
        except RequestError as error:
            if error.field == name and name in self.words:
                del self.words[name]
                raise
            return
        except IvigcalcError:
            return
        if text != self._shown:
            self._shown = text
            _say(f"  So far: {text}")

    def _brief(self) -> str:
        from ivigcalc.render.words import dose_in_brief

        plan = self._plan()
        self._filled_in = "" if self.words.get("order") else plan.order_text
        return dose_in_brief(plan)

    def _in_spite_of(self, refused: RefusedError) -> None:
        _say(f"Refused ({', '.join(refused.codes)}): {refused}")
        change = _read("Name an answer to change (weight, product, order, ...), or Enter: ").lower()
        if change in FIELD:
            self._one(Question(change, FIELD[change].help, "take it back"), "changed")
            return
        reason = _read("The reason to go on in spite of it, or Enter to end: ") if refused.overridable else ""
        if not reason:
            raise refused
        lifted = tuple(f"{code}={reason}" for code in refused.codes)
        self.words["override"] = (*self.words.get("override", ()), *lifted)


def command_line(form: Form, command: Command, site: str | None) -> str:
    """The words of a form as they would be typed."""
    words = ["ivigcalc", command]
    for field in FIELDS:
        said = getattr(form, field.name)
        if field.holds == "yes":
            words += [field.option] if said else []
        else:
            for word in said if isinstance(said, tuple) else [said] if said else []:
                words += [field.option, word]
    return shlex.join([*words, *(["--site", site] if site else [])])


def _looked_up(name: str, said: str, site: Loaded[Site]) -> str:
    """The title of the definition that is named."""
    from ivigcalc import library

    country = site.value.holidays.country if site.value.holidays else None
    match name:
        case "regimen":
            return library.regimen(said)[0].value.title
        case "product":
            return library.product(said, country).value.title
        case "policy":
            return library.policy(said).policy.value.title
    return ""


def _read(prompt: str) -> str:
    """A line from the terminal; the end of the input ends the run."""
    _say(prompt, end="")
    line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt
    return line.strip()


def _say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()
