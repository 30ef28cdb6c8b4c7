"""`plan_many`: the engine over many requests; one outcome for each, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from ivigcalc.ask import NO_SITE_LOADED, Command, Form, plan_form
from ivigcalc.batch.columns import Cell, read_row
from ivigcalc.batch.outcome import Failed, failed
from ivigcalc.definitions import Loaded, Site
from ivigcalc.errors import IvigcalcError
from ivigcalc.plan import Plan


def plan_many(
    requests: Iterable[Form | Mapping[str, Cell]],
    *,
    command: Command = "schedule",
    on: date | None = None,
    site: Loaded[Site] = NO_SITE_LOADED,
    with_trace: bool = False,
) -> Iterator[Plan | Failed]:
    """The plan of each request, or why there is none: exactly one outcome per request, in order, one at a time.

    A request is a `Form` (the words of the command line) or a mapping with the columns of `ivigcalc batch`. A request
    that is wrong or refused gives a `Failed` and never stops the rest. `on` is today's date where it matters (an age or
    a weighing without a start date); the engine has no clock.
    """
    for request in requests:
        try:
            form = request if isinstance(request, Form) else read_row(request)
            yield plan_form(form, command, on=on, site=site, with_trace=with_trace)
        except IvigcalcError as error:
            yield failed(error)
