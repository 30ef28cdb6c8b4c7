"""replan: a saved plan after something has happened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ivigcalc.cli.declare import in_panel
from ivigcalc.cli.lean import add_command
from ivigcalc.cli.show import (
    ExplainOption,
    Format,
    FormatOption,
    LocaleOption,
    Look,
    NoColorOption,
    NotesOption,
    OutputOption,
    PaperOption,
    QuietOption,
    show,
)
from ivigcalc.cli.today import today
from ivigcalc.request.event import EventWords

_reaction, _missed = in_panel("An infusion was interrupted"), in_panel("A session was missed")
_order, _given, _told = in_panel("The order changes from a course on"), in_panel("Given"), in_panel("History")

PlanArgument = Annotated[Path, typer.Argument(help="A plan saved with --format json -o FILE.", metavar="PLAN")]
Session = Annotated[str | None, _reaction("The session, as 1.2 (course.day).", metavar="C.D")]
ReactionAt = Annotated[str | None, _reaction("When it was interrupted.", metavar="HH:MM")]
ResumeAt = Annotated[str | None, _reaction("When it goes on; the same minute: slowed down.", metavar="HH:MM")]
Rate = Annotated[
    str | None,
    _reaction('previous, initial, half, or a rate: "1.2 mL/kg/h", "80 mL/h".', metavar="RATE"),
]
Stop = Annotated[bool, _reaction("It was stopped for good.", "--stop")]
MissedOn = Annotated[list[str], _missed("The day of the session; repeat for more days of its course.", metavar="DATE")]
To = Annotated[str | None, _missed("The day on which it is given; not at all if not given.", metavar="DATE")]
Rest = Annotated[str | None, _missed("Whether the courses after it move as well.", metavar="move|keep")]
NewWeight = Annotated[str | None, _order("A new body weight with its unit.", metavar="WEIGHT")]
WeighedOn = Annotated[str | None, _order("When it was weighed.", metavar="DATE")]
Product = Annotated[str | None, _order("Another product: it starts as after a change of brand.", metavar="ID|FILE")]
Every = Annotated[str | None, _order("Another interval; the named course keeps its day.", metavar="INTERVAL")]
Dose = Annotated[str | None, _order("Another dose.", metavar="DOSE")]
DoseBasis = Annotated[
    str | None, _order("Whether the dose is for each course or each four weeks.", metavar="course|4-weeks")
]
FromCourse = Annotated[str | None, _order("From which course on.", metavar="N")]
Override = Annotated[list[str], _order('Go on in spite of a stop: CODE="reason".', metavar="CODE=REASON")]
Done = Annotated[list[str], _given("A session that was given, as 1.2; repeatable.", metavar="C.D")]
Reason = Annotated[str | None, _told("Why; kept in the plan.", metavar="TEXT")]
By = Annotated[str | None, _told("Who says so; kept in the plan.", metavar="NAME")]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    example = 'plan.json --session 1.1 --reaction-at 10:40 --resume-at 11:10 --rate half --by "R. Nurse"'
    add_command(app, "replan", replan, f"replan {example} --format json -o plan-2.json")


def replan(
    plan: PlanArgument,
    session: Session = None,
    reaction_at: ReactionAt = None,
    resume_at: ResumeAt = None,
    rate: Rate = None,
    stop: Stop = False,
    missed: MissedOn = [],  # noqa: B006 - typer wants a list, and nobody changes it
    to: To = None,
    rest: Rest = None,
    new_weight: NewWeight = None,
    weighed_on: WeighedOn = None,
    product: Product = None,
    every: Every = None,
    dose: Dose = None,
    dose_basis: DoseBasis = None,
    from_course: FromCourse = None,
    override: Override = [],  # noqa: B006
    done: Done = [],  # noqa: B006
    reason: Reason = None,
    by: By = None,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    explain: ExplainOption = False,
    notes: NotesOption = False,
    paper: PaperOption = None,
    locale: LocaleOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """A saved plan after one event: a reaction, a missed session, a new weight, product, interval or dose. What was
    given stays, and the plan keeps its history. Without an event it is shown as it stands.
    """
    from ivigcalc.cli.output import say
    from ivigcalc.document.read import read_saved
    from ivigcalc.document.replan import replan as change

    words = EventWords(
        session=session,
        reaction_at=reaction_at,
        resume_at=resume_at,
        rate=rate,
        stop=stop,
        missed=tuple(missed),
        to=to,
        rest=rest,
        new_weight=new_weight,
        weighed_on=weighed_on,
        product=product,
        every=every,
        dose=dose,
        dose_basis=dose_basis,
        from_course=from_course,
        done=tuple(done),
        override=tuple(override),
    )
    changed = change(read_saved(plan), words, at=today(), reason=reason, by=by)
    show(changed, Look(format, output, explain, quiet, no_color, paper, notes=notes, locale=locale))
    if words.said and not words.done and changed.revision is not None and not changed.revision.changed:
        say("note: this changes no session", quiet=quiet)
