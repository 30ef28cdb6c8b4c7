"""Definition files that use the keys and units of schema 2, sound or spoilt, and the plans that are made with them.

A file is refused in words, each with its place, or read; an order is refused in words of a code that is listed, or
planned; and what the files say limits the plan. What it should be is worked out here from the files, not by the engine.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from choices import Choices, WrongError
from kept import Files, keeps_its_files
from msgspec.structs import replace

from ivigcalc import library
from ivigcalc.codes import codes
from ivigcalc.document.write import to_json
from ivigcalc.engine.case import Definitions, case_of
from ivigcalc.engine.make import make_plan
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import DefinitionError, RefusedError, RequestError
from ivigcalc.library.reader import load_bytes
from ivigcalc.render.table import to_table
from ivigcalc.request.form import Command, Form
from ivigcalc.request.read import read_form

ON = date(2026, 11, 22)
Tree = dict[str, Any]

_HOUSE = {"house": {"title": "House", "body": "house", "locator": "here", "checked": "2026-11-22", "kind": "house"}}
_HOURS = ("0.5 min", "5 min", "30 min", "1 h", "90 min", "2 h", "4 h", "10 h", "12 h", "24 h")
_AMOUNTS = ("0.01 g", "0.1 g", "500 mg", "1 g", "2.5 g", "5 g", "10 g", "20 g", "35 g", "70 g", "100 g", "140 g")
_PER_KG = ("1 mg/kg", "50 mg/kg", "0.1 g/kg", "0.4 g/kg", "0.5 g/kg", "0.7 g/kg", "1 g/kg", "2 g/kg", "3 g/kg")
_RISKS = ("renal", "thrombosis", "cardiac")
_CONDITIONS = ("iga-deficiency-with-antibodies", "hyperprolinaemia", "fructose-intolerance")
#: what nobody should write in the place of a figure
_WRONG = (
    "", "0", "0 g", "1", "1 g", "1 h", "25 h", "-1 g", "1,5 g", "1e3 g", "0.001 g", "99999999 g", "2 g/kg/day", "0.4 g/kg/course", "30 g/day",
    "101 %", "0 %", "0.000000001 %", "12 min", "4 mg/kg/min", "0.0001 mL/kg/h", "900 mL/h", "true", "none", "any", "adjusted", "whole vials", "\u202e",
    "=1+1", "x" * 300, "4 weeks", "0.3 months", ">= 18 years", "BMI > 30", "-", [], {}, ["1 g"], {"from": "2 g/kg", "to": "1 g/kg"},
    {"from": "1 h"}, {"to": "1 min"}, {"from": "2 h", "to": "3 h"}, {"rate": "0.5 mL/kg/h"}, {"text": "x", "words_because": "history"},
)  # fmt: skip


# ---- files ------------------------------------------------------------------------------------------------------------


def _head(kind: str, name: str) -> Tree:
    return {
        "kind": kind,
        "schema": "2",
        "id": name,
        "version": "2026-11-22",
        "title": "Fuzzed",
        "sources": _HOUSE,
        "source": "house",
    }


_HEAD = tuple(_head("", ""))


def _maybe(choices: Choices, tree: Tree, key: str, make: Callable[[], Any], of: int = 2) -> None:
    """The key in one of so many files."""
    if choices.byte() % of == 0:
        tree[key] = make()


def _time(choices: Choices) -> Tree:
    ends = sorted((choices.pick(range(len(_HOURS))), choices.pick(range(len(_HOURS)))))
    found = {"from": _HOURS[ends[0]], "to": _HOURS[ends[1]]}
    return [found, found, {"from": found["from"]}, {"to": found["to"]}][choices.byte() % 4]


def _range(choices: Choices, options: tuple[str, ...]) -> Any:
    low, high = sorted((choices.pick(range(len(options))), choices.pick(range(len(options)))))
    return options[low] if choices.byte() % 3 else {"from": options[low], "to": options[high]}


def _table(choices: Choices) -> Tree:
    unit = choices.pick(("mL/kg/h", "mL/kg/h", "mg/kg/min", "mL/kg/min", "mL/h"))
    one = {"mL/kg/h": 10, "mg/kg/min": 6, "mL/kg/min": 600, "mL/h": 1}[unit]
    step, steps = 0, []
    for _ in range(1 + choices.byte() % 5):
        step += 1 + choices.byte() % 15
        steps.append(f"{step / one:.4f} {unit}")
    table: Tree = {"for": [choices.pick(("any", "any", "own", "cidp"))], "source": "house"}
    lasts = [f"{choices.pick((1, 5, 15, 30, 60, 200))} min" for _ in steps[1:]]
    table["ladder"] = [{"rate": rate, "for": time} for rate, time in zip(steps[:-1], lasts, strict=True)] + [
        {"rate": steps[-1]}
    ]
    table["ceiling"] = {"rate": choices.pick((steps[-1], f"{(step + 9) / one:.4f} {unit}"))}
    if choices.byte() % 2:
        table["at_risk_ceiling"] = {"rate": choices.pick(steps), "risks": [choices.pick(_RISKS)]}
        _maybe(choices, table["at_risk_ceiling"], "less_than", lambda: "true", 8)
    _maybe(choices, table, "infusion", lambda: choices.pick(("any", "first", "subsequent")))
    _maybe(choices, table, "time", lambda: _time(choices), 4)
    return table


def product(choices: Choices) -> Tree:
    """A product with one or two rate tables."""
    tree = _head("product", "own-product") | {"manufacturer": "nobody", "country": choices.pick(("US", "EU", "CA"))}
    tree["concentration"] = choices.pick(("50 mg/mL", "60 mg/mL", "100 mg/mL", "165 mg/mL", "200 mg/mL"))
    tree["vials"] = choices.pick(
        (
            ["5 g"],
            ["2.5 g", "10 g"],
            ["1 g", "5 g", "20 g"],
            ["2 g", "5 g", "10 g", "30 g"],
            ["12 g"],
            ["0.5 g", "6 g"],
            ["44.9 g", "54 g"],
        )
    )
    tree["rates"] = [_table(choices) for _ in range(1 + choices.byte() % 2)]
    _maybe(
        choices,
        tree,
        "unlike_class",
        lambda: [{"condition": choices.pick(_CONDITIONS), "text": "Printed otherwise."}],
        4,
    )
    return tree


def _dosing_weight(choices: Choices) -> Tree:
    use = choices.pick(("actual", "ideal", "adjusted", "lower-of-actual-and-ideal"))
    tree: Tree = {"use": use}
    if use != "actual":
        tree |= {"ideal": "devine-inches", "factor": choices.pick(("0.25", "0.4", "0.5", "1"))}
        _maybe(
            choices,
            tree,
            "when",
            lambda: [
                choices.pick(
                    ("BMI > 30", "actual > 120 % ideal", "age >= 18 years", "height > 152 cm", "actual > 69.6 kg")
                )
            ],
        )
        _maybe(choices, tree, "refuse_when", lambda: ["BMI > 60"], 8)
    _maybe(choices, tree, "pregnancy", lambda: choices.pick(("actual", "pre-pregnancy")), 4)
    return tree


def _stage(choices: Choices) -> Tree:
    """The keys of a protocol or of a phase."""
    first = 1 + choices.byte() % 5
    days = (first, first + choices.pick((0, 0, 0, 1, 3)))
    tree: Tree = {
        "days": {"from": str(days[0]), "to": str(days[1])},
        "interval": {"every": choices.pick(("1 week", "3 weeks", "4 weeks", "1 month", "10 days"))},
    }
    tree["courses"] = {"from": str(1 + choices.byte() % 3)}
    tree["dose"] = {choices.pick(("per_course", "per_day")): _range(choices, choices.pick((_PER_KG, _AMOUNTS)))}
    _maybe(choices, tree["dose"], "cap", lambda: choices.pick(_AMOUNTS), 4)
    _maybe(choices, tree["dose"], "cap_per_day", lambda: choices.pick(_AMOUNTS), 6)
    _maybe(choices, tree, "time", lambda: _time(choices))
    if "time" in tree:
        _maybe(choices, tree["time"], "of_days", lambda: str(days[choices.byte() % 2]), 3)
    return tree


def regimen(choices: Choices) -> Tree:
    """An indication with one protocol, of itself or of two phases."""
    tree = _head("regimen", "own") | {"category": "other"}
    _maybe(
        choices,
        tree,
        "rate_ceiling",
        lambda: {"rate": choices.pick(("4 mg/kg/min", "2 mL/kg/h", "0.01 mL/kg/min", "0.5 mg/kg/h"))},
        3,
    )
    protocol: Tree = {
        "evidence": choices.pick(("label", "guideline", "randomised-trial", "case-series")),
        "confidence": choices.pick(("medium", "low")),
    }
    protocol |= {
        "reading": choices.pick(("original", "copy", "abstract", "secondary")),
        "patients": str(1 + choices.byte()),
    }
    if choices.byte() % 4:
        protocol |= _stage(choices)
    else:
        protocol["phases"] = [{"id": name, **_stage(choices)} for name in ("loading", "later")]
    _maybe(
        choices,
        protocol,
        "limits",
        lambda: [
            {
                "per": choices.pick(("day", "course", "4-weeks")),
                "max": choices.pick((*_PER_KG, *_AMOUNTS)),
                "level": choices.pick(("caution", "stop")),
            }
        ],
    )
    _maybe(choices, protocol, "dosing_weight", lambda: _dosing_weight(choices), 3)
    _maybe(
        choices,
        protocol,
        "population",
        lambda: choices.pick(({"age": ">= 18 years"}, {"group": "adult"}, {"age": ">= 2 years and < 18 years"})),
        4,
    )
    _maybe(choices, protocol, "country", lambda: choices.pick(("US", "EU", "CA")), 3)
    _maybe(choices, protocol, "products", lambda: ["own-product"], 4)
    return tree | {"protocols": {"only": protocol}}


def policy(choices: Choices) -> Tree:
    """A policy with its rounding, and what it prefers."""
    tree = _head("policy", "own-policy") | {"dosing_weight": _dosing_weight(choices)}
    rounding: Tree = {"to": choices.pick(("whole vials", "whole vials", "whole vials", "5 g", "0.1 g", "nothing"))}
    rounding |= {"direction": choices.pick(("nearest", "nearest", "down", "up")), "tie": choices.pick(("down", "up"))}
    if rounding["to"] == "whole vials":
        if choices.byte() % 2:
            rounding |= {
                "within": choices.pick(("1 %", "5 %", "10 %", "30 %")),
                "otherwise": choices.pick(("0.01 g", "0.1 g", "0.5 g", "3 g")),
            }
        _maybe(
            choices,
            tree,
            "prefer",
            lambda: {
                "fewest": "vials",
                "within": choices.pick(("2 %", "5 %", "20 %")),
                "spread": choices.pick(("0.1 g", "5 g", "20 g")),
            },
        )
    _maybe(
        choices,
        rounding,
        "small",
        lambda: {"below": "10 g", "to": choices.pick(("0.1 g", "1 g")), "when": ["age < 1 year"]},
        4,
    )
    tree["rounding"], tree["rate_weight"] = rounding, choices.pick(("actual", "dosing"))
    _maybe(choices, tree, "limits", lambda: [{"per": "day", "max": choices.pick(_PER_KG), "level": "caution"}], 4)
    return tree


def product_class(choices: Choices) -> Tree:
    """What is printed for all products."""
    tree = _head("class", "own-class")
    _maybe(
        choices,
        tree,
        "contraindications",
        lambda: [{"condition": choices.pick(_CONDITIONS), "text": "Not to be given."}],
    )
    _maybe(
        choices,
        tree,
        "age_risk",
        lambda: {
            "above": choices.pick(("65 years", "6 months", "30 days")),
            "risks": [choices.pick(_RISKS)],
            "text": "Age is a risk.",
        },
    )
    _maybe(
        choices,
        tree,
        "haemolysis",
        lambda: {
            "dose": choices.pick((*_PER_KG, "10 g/kg", "140 g")),
            "after": {"from": "36 h", "to": choices.pick(("36 h", "96 h"))},
            "text": "Look for it",
        },
    )
    _maybe(
        choices,
        tree,
        "vaccine_waits",
        lambda: [
            {"dose": dose, "wait": choices.pick(("8 months", "90 days"))}
            for dose in sorted({choices.pick(_PER_KG), "1 g/kg"})
        ],
    )
    return tree


def safety(choices: Choices) -> Tree:
    """The shipped thresholds with a chart of other weights for age."""
    tree: Tree = json.loads(_SAFETY)
    kg, rows = 2, []
    for months in range(1 + choices.byte() % 60):
        kg += choices.byte() % 2
        rows.append(
            {
                "months": str(months),
                "male": {"from": f"{kg} kg", "to": f"{kg + 4} kg"},
                "female": {"from": f"{kg - 1} kg", "to": f"{kg + 3} kg"},
            }
        )
    tree["growth"]["rows"] = rows
    _maybe(
        choices,
        tree,
        "obese_weight",
        lambda: {
            "source": "nba-bloodstar",
            "from_bmi": choices.pick(("25", "30")),
            "ideal": "devine-inches",
            "factor": "0.4",
        },
    )
    return tree


_SAFETY = json.dumps(
    yaml.load(library.shipped("safety")["defaults"].read_bytes(), yaml.BaseLoader)
)  # text, lists and maps only


def site(choices: Choices) -> Tree:
    """A clinic with its pump and perhaps a stock."""
    tree: Tree = {
        "kind": "site",
        "id": "own-site",
        "pump": {
            "increment": choices.pick(("0.1 mL/h", "1 mL/h", "5 mL/h")),
            "maximum": choices.pick(("999 mL/h", "250 mL/h")),
        },
    }
    _maybe(choices, tree, "rate_maximum", lambda: choices.pick(("100 mL/h", "300 mL/h")), 4)
    _maybe(choices, tree, "shortest_step", lambda: choices.pick(("1 min", "10 min")), 4)
    _maybe(choices, tree, "stock", lambda: {"own-product": {"5 g": "3", "10 g": "20"}}, 16)
    return tree


# ---- mistakes ---------------------------------------------------------------------------------------------------------


def _places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, child in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield (*path, key)
        yield from _places(child, (*path, key))


def spoil(tree: Tree, choices: Choices) -> None:
    """One mistake: a key that is left out, unknown, or has a value of another place or of none."""
    places = list(_places(tree))
    if choices.byte() % 8:
        places = [place for place in places if place[0] not in _HEAD] or places
    *above, key = choices.pick(places)
    block: Any = tree
    for part in above:
        block = block[part]
    kind = choices.byte() % 8
    if kind == 0:
        del block[key]
    elif kind == 1 and isinstance(block, dict):
        block[choices.pick(("otherwise", "time", "prefer", "rate_ceiling", "evidence", "of_days", "unlike_class"))] = (
            choices.pick(_WRONG)
        )
    elif kind == 2 and isinstance(block, list):
        block.insert(0, block[key])
    else:
        block[key] = choices.pick(_WRONG)


_KINDS = {
    "product": product,
    "regimen": regimen,
    "policy": policy,
    "safety": safety,
    "class": product_class,
    "site": site,
}


def files(choices: Choices) -> Files | None:
    """The files, all sound in one of two inputs, else one of them spoilt; None where they are refused, in words."""
    spoilt = choices.pick((*[None] * 8, "product", "regimen", "policy", "class"))
    if choices.byte() % 32 == 0:
        spoilt = choices.pick(("safety", "site"))
    found: Tree = {}
    for kind, make in _KINDS.items():
        tree = copy.deepcopy(make(choices))
        for _ in range(1 + choices.byte() % 2 if kind == spoilt else 0):
            spoil(tree, choices)
        text = json.dumps(tree, indent=0, ensure_ascii=False).encode("utf-8", "replace")
        try:
            found[kind] = _read(kind, text)
        except DefinitionError as error:
            _has_places(error, f"{kind}.yaml", text)
            return None
    return Files(found["product"], found["regimen"], found["policy"], found["safety"], found["class"], found["site"])


def _read(kind: str, text: bytes) -> Any:
    if kind != "policy":
        return load_bytes(text, f"{kind}.yaml", kind)
    path = Path("policy.yaml")  # by its path, which looks for the formula that it names
    path.write_bytes(text)
    return library.policy(f"./{path}")


def _has_places(error: DefinitionError, name: str, text: bytes) -> None:
    """Each problem says its file, a line of it and what is wrong; and its key, unless it is of the whole file."""
    lines = text.count(b"\n") + 1
    for problem in error.problems:
        if (
            (not problem.key and problem.line != 1)
            or not problem.file.endswith(name)
            or not 1 <= problem.line <= lines
            or not problem.message
        ):
            raise WrongError(f"a problem without its place: {problem!r}")


# ---- orders -----------------------------------------------------------------------------------------------------------


_PATIENTS = (
    ("72kg", "175cm", "54y"), ("55kg", "152cm", "70y"), ("154lb", "5ft9in", "19y"), ("118.3kg", "168cm", "66y"), ("70.16kg", "5ft9in", None),
    ("24.5kg", "125cm", "8y"), ("12kg", "86cm", "2y"), ("10.5kg", "80cm", "14mo"), ("5.2kg", "57cm", "2mo"), ("3.1kg", "50cm", "1w"),
    ("12kg", "175cm", "54y"), ("25kg", None, "2mo"), ("950g", None, None), ("72 st", None, "40y"),
)  # fmt: skip


def order(choices: Choices) -> tuple[Form, Command]:
    """An order of the new units and options, most of which can be planned."""
    weight, height, age = choices.pick(_PATIENTS)
    form = Form(weight=weight, height=height, age=age, regimen="own", product="own-product")
    form.sex = choices.pick(("male", "female", "female", None))
    form.risk = choices.pick(((), (), ("none",), ("renal",), ("thrombosis", "cardiac")))
    form.condition = (choices.pick(_CONDITIONS),) if choices.byte() % 6 == 0 else ()
    form.country = choices.pick((*[None] * 20, "US", "EU", "CA", "GB", "xx"))
    form.infusion = choices.pick((None, "first", "subsequent"))
    form.days = choices.pick((None, None, None, None, "1", "2", "5"))
    form.over = choices.pick((*[None] * 20, *_HOURS[1:], "25 h", "0 min"))
    if choices.byte() % 8:
        form.dose = choices.pick((*_PER_KG, *_AMOUNTS)) + choices.pick(("", "/day", "/course"))
    if choices.byte() % 3:
        return form, "dose"
    form.start, form.courses = "2026-12-01", choices.pick(("1", "2", "3"))
    form.at = choices.pick((None, "09:00", "23:30"))
    form.every = choices.pick((None, None, None, "4 weeks", "1 month"))
    return form, "schedule"


def planned(choices: Choices, given: Files) -> tuple[Plan, Form] | None:
    """The plan of an order, insisted on where it is stopped; None where it is refused, in words."""
    form, command = order(choices)
    named = choices.byte() % 2 == 0
    use_policy = given.policy if named else library.policy("actual-weight")
    treated = library.regimen_of_use(given.regimen.value.treats)
    for _ in range(4):
        try:
            request = read_form(form, command, on=ON)
            formulas = library.formulas(given.regimen, given.safety)
            definitions = Definitions(
                given.product,
                use_policy,
                given.site,
                given.safety,
                given.regimen,
                treated,
                formulas,
                named,
                given.product_class,
            )
            return make_plan(case_of(request, definitions)), form
        except RefusedError as refused:
            unknown = [code for code in refused.codes if code not in codes()]
            if unknown or not str(refused):
                raise WrongError(f"refused without a listed code or words: {refused.codes}") from refused
            said = {word.partition("=")[0] for word in form.override}
            if not refused.overridable or set(refused.codes) <= said:
                return None
            form = replace(
                form,
                override=(*form.override, *(f"{code}=to see the plan" for code in refused.codes if code not in said)),
            )
        except RequestError as error:
            if not str(error):
                raise WrongError("refused without words") from error
            return None
        except DefinitionError as error:  # the formula of a protocol, which is looked for when it is needed
            if not str(error):
                raise WrongError("refused without words") from error
            return None
    return None


# ---- the target ------------------------------------------------------------------------------------------------------


def own_files(data: bytes) -> None:
    """Files are refused in words or read; orders are refused in words or planned; and a plan keeps what the files say."""
    choices = Choices(data)
    given = files(choices)
    made = planned(choices, given) if given else None
    if given is None or made is None:
        return
    plan, form = made
    keeps_its_files(plan, form, given)
    to_table(plan)
    json.loads(to_json(plan))
