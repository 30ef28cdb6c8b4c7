"""Guards over everything that is shipped: it is sourced, it does not contradict itself, and all of it plans or says why not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.definitions import NO_SITE_LOADED, Cited, Definition, Phase, Product, RateTable
from ivigcalc.engine.case import Definitions, case_of, choose_protocol
from ivigcalc.engine.make import make_plan
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import DefinitionError, RefusedError, RequestError
from ivigcalc.library.check import check
from ivigcalc.quantity import Quantity, plain
from ivigcalc.request.form import Form
from ivigcalc.request.read import read_form

TODAY = datetime.now().astimezone().date()
KINDS = tuple(library.FOLDERS)
FILES = [(kind, identifier) for kind in KINDS for identifier in library.shipped(kind)]
CLINICAL = ("regimen", "product", "policy")


def values(kind: str) -> list[Any]:
    return [loaded.value for loaded in library.load_all(kind)]


# ---- the files ------------------------------------------------------------------------------------------------------


def test_there_is_as_much_as_was_promised() -> None:
    regimens, products, policies = values("regimen"), values("product"), values("policy")
    assert len(products) >= 42
    assert len(regimens) >= 50
    assert sum(len(regimen.protocols) for regimen in regimens) >= 130
    assert sum(policy.computable for policy in policies) >= 10


def test_every_shipped_file_passes_check() -> None:
    report = check([library.root()], "regimen", TODAY)
    assert [str(problem) for problem in report.problems] == []
    assert report.files == len(list(library.root().rglob("*.yaml")))


@pytest.mark.parametrize(("kind", "identifier"), FILES)
def test_name_folder_and_version(kind: str, identifier: str) -> None:
    path, value = library.shipped(kind)[identifier], library.load(kind, identifier).value
    assert value.id == path.stem
    assert value.version <= TODAY
    inside = path.relative_to(library.root() / library.FOLDERS[kind]).parts[:-1]
    if kind == "regimen":
        assert inside == (value.category,)
    elif kind == "product":
        assert inside == (value.country.lower(),)
        assert value.id.endswith(f"-{value.country.lower()}")
    else:
        assert inside == ()


def test_ids_are_unique_and_no_file_is_outside_its_folder() -> None:
    names = Counter(path.stem for path in library.root().rglob("*.y*ml"))
    assert [name for name, count in names.items() if count > 1] == []
    assert sum(names.values()) == len(FILES)


@pytest.mark.parametrize(
    "name",
    ["dermatomyositis", "cidp", "itp", "kawasaki", "primary-immunodeficiency", "pemphigus", "lems", "desensitisation"],
)
def test_indications_that_must_be_there(name: str) -> None:
    assert name in library.shipped("regimen")


def test_products_and_rates_name_known_indications() -> None:
    known = {*library.shipped("regimen"), "any"}
    for product in values("product"):
        assert {licence.id for licence in product.indications} <= known
        assert {use for table in product.rates for use in table.for_} <= known
        if not product.rates:
            assert product.no_rates_because, product.id


def test_a_label_or_guideline_of_high_confidence_comes_first() -> None:
    for regimen in values("regimen"):
        protocols = list(regimen.protocols.values())
        authorities = [p for p in protocols if p.confidence == "high" and p.evidence in ("label", "guideline")]
        assert not authorities or protocols[0] in authorities, regimen.id
        assert all(p.evidence for p in protocols), regimen.id


def test_no_default_is_of_low_confidence() -> None:
    for loaded in library.load_all("regimen"):
        first = next(iter(loaded.value.protocols.values()))
        if first.confidence == "low":
            with pytest.raises(RequestError, match="low confidence"):
                choose_protocol(loaded.value, None)
        else:
            assert loaded.value.protocols[choose_protocol(loaded.value, None)] == first


# ---- sources --------------------------------------------------------------------------------------------------------


def cited_figures(value: Any, inherited: str | None, path: str) -> Iterator[tuple[str, str | None]]:
    """Every clinical number at or below a value, with the source that it has or inherits."""
    if isinstance(value, RateTable):
        inherited = None  # a ladder never rests on the file's general source
    if isinstance(value, Cited):
        inherited = value.source or inherited
    if isinstance(value, (Quantity, Decimal)) or (isinstance(value, int) and not isinstance(value, bool)):
        yield path, inherited
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if name not in ("sources", "schema_", "version"):
                yield from cited_figures(getattr(value, name), inherited, f"{path}.{name}")
    elif isinstance(value, dict):
        for name, child in value.items():
            yield from cited_figures(child, inherited, f"{path}.{name}")
    elif isinstance(value, tuple):
        for place, child in enumerate(value):
            yield from cited_figures(child, inherited, f"{path}[{place}]")


@pytest.mark.parametrize(("kind", "identifier"), FILES)
def test_every_clinical_number_has_a_source_and_every_source_is_used(kind: str, identifier: str) -> None:
    value: Definition = library.load(kind, identifier).value
    figures = list(cited_figures(value, value.source, identifier))
    assert [path for path, source in figures if source not in value.sources] == []
    named = set(re.findall(r"source: ([a-z0-9-]+)", library.shipped(kind)[identifier].read_text(encoding="utf-8")))
    only = set(value.sources) if len(value.sources) == 1 else set()
    assert set(value.sources) == named | only
    if kind == "product" and value.rates:
        assert figures


def test_the_walk_sees_a_number_without_a_source() -> None:
    loaded = library.load("product", "octagam-10-us").value
    table = loaded.rates[0].model_copy(update={"source": None})
    bare = [path for path, source in cited_figures(table, "harriet-lane-24", "table") if source is None]
    assert bare[:2] == ["table.ladder[0].rate", "table.ladder[0].for_"]


REGISTRIES = re.compile(
    r"//[^/]*\b(pypi\.org|pythonhosted\.org|npmjs\.(com|org)|crates\.io|rubygems\.org|packagist\.org|nuget\.org|proxy\.golang\.org|"
    r"hub\.docker\.com|anaconda\.org|hex\.pm|pub\.dev|cran\.r-project\.org|huggingface\.co)\b"
)  # fmt: skip
WRITTEN_BY_NOBODY = re.compile(
    r"\b(AI|GPT|ChatGPT|OpenAI|Copilot|Gemini|Claude|LLM|chatbot|perplexity)\b|language model|AI-"
)


@pytest.mark.parametrize(("kind", "identifier"), FILES)
def test_sources_can_be_looked_up(kind: str, identifier: str) -> None:
    for key, source in library.load(kind, identifier).value.sources.items():
        words = " ".join(str(part) for part in (source.title, source.body, source.locator, source.note, source.url))
        assert not WRITTEN_BY_NOBODY.search(words), key
        assert source.kind is not None, key
        if source.url is not None:
            assert re.fullmatch(r"https?://[^\s<>\"]+", source.url), key
            assert not REGISTRIES.search(source.url), key
        if source.body == "ivigcalc":  # the program's own rule: never a dose or a rate
            assert (kind in ("policy", "safety"), source.kind) == (True, "house"), key


# ---- rates, recomputed with plain fractions -------------------------------------------------------------------------


def by_hand(text: str, mg_per_ml: Fraction | None) -> Fraction:
    """`0.04 mL/kg/min` as mL/kg/h (or `3 mL/min` as mL/h), from its text alone."""
    figure, unit = text.split(" ")
    amount = Fraction(figure)
    what, *per = unit.split("/")
    if per[-1] == "min":
        amount *= 60
    if what == "mg":
        assert mg_per_ml is not None
        amount /= mg_per_ml
    return amount


def test_every_rung_and_ceiling_recomputed_by_hand() -> None:
    compared = 0
    for identifier, path in library.shipped("product").items():
        raw = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
        product: Product = library.load("product", identifier).value
        strength = Fraction(raw["concentration"].split(" ")[0]) if "concentration" in raw else None
        for table, written in zip(product.rates, raw.get("rates", []), strict=True):
            top = by_hand(written["ceiling"]["rate"], strength)
            rungs = [by_hand(rung["rate"], strength) for rung in written["ladder"]]
            assert [product.comparable_rate(rung.rate) for rung in table.ladder] == rungs
            assert product.comparable_rate(table.ceiling.rate) == top
            assert rungs == sorted(set(rungs))
            assert rungs[-1] <= top
            if table.at_risk_ceiling is not None:
                at_risk = by_hand(written["at_risk_ceiling"]["rate"], strength)
                assert product.comparable_rate(table.at_risk_ceiling.rate) == at_risk <= top
            if strength is not None and table.ceiling.rate.dimension != "rate":
                # the same ceiling as mg/kg/min: mL/kg/h times mg/mL over 60
                mg = top * strength / 60
                if raw["concentration"] == "100 mg/mL":
                    assert Fraction(1) <= mg <= Fraction(15), identifier
            compared += len(rungs) + 1
    assert compared > 150


# ---- everything plans, or says why not ------------------------------------------------------------------------------

WEIGHTS = ("3 kg", "20 kg", "72 kg", "140 kg")
WITH_RATES = [
    identifier for identifier in library.shipped("product") if library.load("product", identifier).value.rates
]


def middle(low: Quantity, high: Quantity) -> str:
    """A dose in the middle of a published range, in its unit."""
    if low.unit != high.unit:
        return str(low)
    return f"{plain((low.value + high.value) / 2)} {low.unit}"


def in_two_courses(stages: tuple[Phase, ...]) -> list[tuple[Phase, int]]:
    """The phases that two courses reach, with how many each has of them."""
    found, left = [], 2
    for phase in stages:
        courses = left if phase is stages[-1] else min(left, phase.courses.from_ if phase.courses else 1)
        left -= courses
        found += [(phase, courses)] if courses else []
    return found


def order_for(stages: tuple[Phase, ...]) -> dict[str, str]:
    """What the protocol leaves open, filled from the middle of what it publishes."""
    words: dict[str, str] = {}
    planned = in_two_courses(stages)
    for phase, courses in planned:
        if phase.dose is None:
            words["dose"] = "1 g/kg"
        elif phase.dose.published.single is None:
            words["dose"] = middle(phase.dose.published.from_, phase.dose.published.to)
        if phase.days is None:
            words["days"] = "2"
        if phase.dose and phase.dose.per_day and phase.days and phase.days.from_ != phase.days.to:
            words["days"] = str(phase.days.from_)  # so many days settle the dose
        repeated = courses > 1 or phase is planned[-1][0]
        if repeated and (phase.interval is None or phase.interval.every.single is None):
            words["every"] = str(phase.interval.every.from_) if phase.interval else "4 weeks"
    return words


@cache
def asked(regimen: str, protocol: str, weight: str) -> Any:
    stages = library.load("regimen", regimen).value.protocols[protocol].stages
    form = Form(weight=weight, regimen=f"{regimen}:{protocol}", start="2026-12-01", at="09:00", courses="2")
    for key, value in order_for(stages).items():
        setattr(form, key, value)
    form.height = {"72 kg": "175cm", "140 kg": "217cm"}.get(weight)  # a BMI of up to 30, where Ontario asks for it
    return read_form(form, "schedule", on=TODAY)


def definitions(regimen: str, product: str, policy: str) -> Definitions:
    return Definitions(
        library.load("product", product),
        library.policy(policy),
        NO_SITE_LOADED,
        library.safety(),
        library.load("regimen", regimen),
    )


def attempt(regimen: str, protocol: str, product: str, weight: str) -> Plan | str:
    """The plan, or the code of its refusal. Anything else that is raised is a bug."""
    request = asked(regimen, protocol, weight)
    policy = "actual-weight" if library.load("product", product).value.vials else "us-group-health"  # to 1 g
    try:
        return make_plan(case_of(request, definitions(regimen, product, policy)), with_trace=False)
    except (RefusedError, RequestError) as error:
        return error.code


def holds_together(plan: Plan, product: Product, weight_kg: Fraction) -> None:
    """The sums and ceilings of a plan, with plain fractions."""
    for session in plan.sessions:
        given = sum((Fraction(vial.size_g) * vial.count for vial in session.vials), Fraction(0))
        assert not session.vials or given == Fraction(session.dose_g) + Fraction(session.leftover_g)
        if session.infusion is None or session.volume_ml is None:
            continue
        steps = session.infusion.steps
        assert (
            sum((Fraction(step.volume_ml) for step in steps), Fraction(0))
            == Fraction(session.volume_ml)
            == Fraction(steps[-1].cumulative_ml)
        )
        assert all(step.volume_ml > 0 for step in steps)
        tops = [
            product.comparable_rate(t.ceiling.rate) * (1 if t.ceiling.rate.dimension == "rate" else weight_kg)
            for t in product.rates
        ]
        assert max(Fraction(step.rate_ml_per_h) for step in steps) <= min(max(tops), Fraction(999))
    for phase in plan.phases:
        for course in range(phase.first_course, phase.first_course + phase.courses):
            assert sum((Fraction(s.dose_g) for s in plan.sessions if s.course == course), Fraction(0)) == Fraction(
                phase.dose_g
            )


def outcomes(weight: str, regimens: dict[str, list[str]]) -> Counter[str]:
    """How often each protocol with each product is planned, or refused for which reason."""
    found: Counter[str] = Counter()
    for regimen, protocols in regimens.items():
        for protocol in protocols:
            for product in WITH_RATES:
                plan = attempt(regimen, protocol, product, weight)
                if isinstance(plan, str):
                    assert plan in reasons(product, weight), (regimen, protocol, product, plan)
                    found[plan] += 1
                else:
                    holds_together(plan, library.load("product", product).value, Fraction(weight.split()[0]))
                    found["planned"] += 1
    return found


def reasons(product: str, weight: str) -> set[str]:
    """Why a course of the middle dose can be refused for a weight that is possible."""
    if library.load("product", product).value.concentration is None:
        return {"concentration-not-published"}
    return {"dose-below-vial"} if weight in WEIGHTS[:2] else set()


@pytest.mark.parametrize("weight", WEIGHTS)
def test_every_default_protocol_plans_with_every_product_that_has_rates(weight: str) -> None:
    found = outcomes(weight, {value.id: [next(iter(value.protocols))] for value in values("regimen")})
    assert found.total() == len(library.shipped("regimen")) * len(WITH_RATES)
    assert found["planned"] > found.total() // (3 if weight == "3 kg" else 2)


@pytest.mark.slow
@pytest.mark.parametrize("weight", WEIGHTS)
def test_every_protocol_plans_with_every_product_that_has_rates(weight: str) -> None:
    found = outcomes(weight, {value.id: list(value.protocols) for value in values("regimen")})
    assert found.total() == sum(len(value.protocols) for value in values("regimen")) * len(WITH_RATES)
    assert found["planned"] > found.total() // (3 if weight == "3 kg" else 2)


@pytest.mark.parametrize("product", list(library.shipped("product")))
def test_every_product_gives_a_plan_or_a_reason(product: str) -> None:
    plan = attempt("dermatomyositis", "us-label", product, "72 kg")
    if isinstance(plan, str):
        assert plan in reasons(product, "72 kg")
    elif product not in WITH_RATES:
        assert "rate-not-published" in {notice.code for notice in plan.notices}
        assert all(session.infusion is None for session in plan.sessions)


@pytest.mark.parametrize("policy", list(library.shipped("policy")))
def test_every_policy_gives_a_plan_or_a_reason(policy: str) -> None:
    request = asked("dermatomyositis", "us-label", "140 kg")
    tall = read_form(Form(weight="140 kg", height="170cm", sex="male", age="54y"), "dose", on=TODAY).patient
    definition = library.policy(policy).policy.value

    def plan() -> Plan:
        return make_plan(case_of(replace(request, patient=tall), definitions("dermatomyositis", "privigen-us", policy)))

    if definition.computable:
        assert plan().course.dose_g > 0
        return
    with pytest.raises(RefusedError) as refused:
        plan()
    assert refused.value.code == "policy-incomplete"
    assert all(text in str(refused.value) for text in definition.missing)


def test_a_policy_of_ones_own_with_an_unknown_formula_is_told_as_check_tells_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = library.shipped("policy")["au-lifeblood-2026"].read_text(encoding="utf-8")
    own = tmp_path / "au-lifeblood-2026.yaml"
    own.write_text(text.replace("ideal: devine-inches", "ideal: devine"), encoding="utf-8")
    line = next(n for n, found in enumerate(text.splitlines(), start=1) if "ideal: devine-inches" in found)
    with pytest.raises(DefinitionError) as caught:
        library.policy(str(own))
    told = f"{own}:{line}: dosing_weight.ideal: there is no formula 'devine'; allowed: devine-inches"
    assert [str(problem) for problem in check([own], "policy", TODAY).problems] == [told]
    assert str(caught.value) == told
    order = ["dose", "-r", "dermatomyositis", "--product", "octagam-10-us", "--weight", "72kg", "--policy", str(own)]
    assert main(order) == 3
    assert told in capfd.readouterr().err


def test_reference_folder_is_inside_the_package_or_beside_it() -> None:
    assert library.root().is_dir()
    assert Path(library.shipped("regimen")["dermatomyositis"]).is_relative_to(library.root())


def test_an_own_file_that_was_edited_is_read_again(tmp_path: Path) -> None:
    """A process that runs for days must not keep an outdated dose."""
    own = tmp_path / "own.yaml"
    text = library.shipped("regimen")["dermatomyositis"].read_text(encoding="utf-8")
    own.write_text(text, encoding="utf-8")
    before = library.load("regimen", str(own))
    assert library.load("regimen", str(own)) is before
    own.write_text(text.replace("title: Dermatomyositis", "title: Dermatomyositis (ours)", 1), encoding="utf-8")
    assert library.load("regimen", str(own)).value.title == "Dermatomyositis (ours)"
    assert library.load("regimen", str(own)).sha256 != before.sha256
    own.unlink()
    with pytest.raises(DefinitionError, match="cannot be read"):
        library.load("regimen", str(own))
