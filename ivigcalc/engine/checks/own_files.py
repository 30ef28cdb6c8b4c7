"""Files of a hospital's own: figures that lie far outside the shipped library."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import cite
from ivigcalc.engine.bounds import implausible
from ivigcalc.engine.case import Case
from ivigcalc.engine.plan import Notice
from ivigcalc.text import dotted


def own_files(case: Case) -> Iterator[Notice]:
    """What lies far outside of the shipped library in the product, protocol and policy of a file of one's own."""
    definitions, rules = case.definitions, case.safety
    used = (definitions.product, definitions.regimen, definitions.policy.policy)
    own = [loaded for loaded in used if loaded is not None and loaded.is_file]
    for loaded in own:
        for found in implausible(loaded.value, rules):
            place = found.figure.place
            if place[0] == "protocols" and place[1] != case.protocol_id:
                continue
            yield Notice(
                "own-file-implausible",
                "stop" if found.stop else "caution",
                f"{loaded.value.id}, {dotted(place)}: {found.message}",
                str(found.figure.written),
                found.limit,
                cite(rules, rules.own_files),
            )
