"""Guards over everything that is shipped: it is sourced, and it does not contradict itself."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import helpers
import pytest
import yaml

from ivigcalc import library
from ivigcalc.definitions import Cited, Definition, Product, RateTable, Strict
from ivigcalc.engine.case import choose_protocol
from ivigcalc.errors import RequestError
from ivigcalc.library.check import check
from ivigcalc.quantity import Quantity

KINDS = tuple(library.FOLDERS)
FILES = [(kind, identifier) for kind in KINDS for identifier in library.shipped(kind)]


# ---- the files -------------------------------------------------------------------------------------------------------


def values(kind: str) -> list[Any]:
    return [loaded.value for loaded in library.load_all(kind)]


TODAY = datetime.now().astimezone().date()


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


def test_every_protocol_says_what_stands_behind_it_and_what_was_read() -> None:
    for regimen in values("regimen"):
        for name, protocol in regimen.protocols.items():
            assert protocol.evidence, f"{regimen.id}:{name}"
            assert protocol.reading, f"{regimen.id}:{name}"
            if protocol.evidence in ("case-series", "case-report"):
                assert protocol.confidence != "high", f"{regimen.id}:{name}"
            if protocol.patients is not None:
                assert protocol.evidence not in ("label", "guideline", "consensus"), f"{regimen.id}:{name}"


#: what the notes of the file and the reading on file print
EVIDENCE = [
    ("dermatomyositis", "us-label", "label", None, "copy"),  # read as the manufacturer's page
    ("dermatomyositis", "proderm", "randomised-trial", 95, "secondary"),  # a summary of the article
    ("dermatomyositis", "proderm-extension", "trial", None, "abstract"),  # open: nobody was assigned by lot
    ("scleromyxedema", "guarneri-2017", "case-series", 8, "abstract"),
    ("toxic-shock", "kaul-1999", "cohort", 21, "abstract"),
    ("toxic-shock", "darenberg-2003", "randomised-trial", 21, "abstract"),
    ("inclusion-body-myositis", "dalakas-1997", "randomised-trial", 19, "secondary"),  # a review's table of trials
    ("kawasaki", "etg", "guideline", None, "copy"),
    ("cidp", "ean-pns-2021", "guideline", None, "secondary"),  # the guideline itself was not read
    ("mmn", "efns-2006-short", "guideline", None, "abstract"),
    ("polymyositis", "genevay-2001", "case-report", 1, "original"),
    ("hdfn", "cheo-neonatal-2017", "guideline", None, "original"),
    ("systemic-lupus-erythematosus", "zhou-2008", "randomised-trial", 36, "abstract"),  # both arms; 17 had IVIG
    ("scleromyxedema", "arginelli-2016", "case-report", 1, "abstract"),
    ("lupus-nephritis", "zandman-goddard-2005", "review", None, "abstract"),
    ("inclusion-body-myositis", "aanem-2009", "consensus", None, "abstract"),
    ("juvenile-dermatomyositis", "share-2017", "consensus", None, "original"),  # its table
    ("dermatomyositis", "jtauto-2019", "review", None, "original"),
]


@pytest.mark.parametrize(("regimen", "name", "evidence", "patients", "reading"), EVIDENCE)
def test_evidence_of_a_protocol(regimen: str, name: str, evidence: str, patients: int | None, reading: str) -> None:
    protocol = library.regimen(regimen)[0].value.protocols[name]
    assert (protocol.evidence, protocol.patients, protocol.reading) == (evidence, patients, reading)


def test_no_default_is_of_low_confidence() -> None:
    for loaded in library.load_all("regimen"):
        first = next(iter(loaded.value.protocols.values()))
        if first.confidence == "low":
            with pytest.raises(RequestError, match="low confidence"):
                choose_protocol(loaded.value, None)
        else:
            assert loaded.value.protocols[choose_protocol(loaded.value, None)] == first


@pytest.mark.parametrize("regimen", library.shipped("regimen"))
def test_no_default_protocol_is_of_low_confidence(regimen: str) -> None:
    loaded, _ = library.regimen(regimen)
    first = next(iter(loaded.value.protocols.values()))
    if first.confidence == "low":
        with pytest.raises(RequestError, match="none is the default"):
            helpers.plan(regimen, "octagam-10-us", "70 kg")
    else:
        assert first.confidence in ("high", "medium")


# ---- sources ---------------------------------------------------------------------------------------------------------


def cited_figures(value: Any, inherited: str | None, path: str) -> Iterator[tuple[str, str | None]]:
    """Every clinical number at or below a value, with the source that it has or inherits."""
    if isinstance(value, RateTable):
        inherited = None  # a ladder never rests on the file's general source
    if isinstance(value, Cited):
        inherited = value.source or inherited
    if isinstance(value, (Quantity, Decimal)) or (isinstance(value, int) and not isinstance(value, bool)):
        yield path, inherited
    elif isinstance(value, Strict):
        for name in type(value).model_fields:
            if name not in ("sources", "schema_", "version"):
                yield from cited_figures(getattr(value, name), inherited, f"{path}.{name}")
    elif isinstance(value, dict):
        for name, child in value.items():
            yield from cited_figures(child, inherited, f"{path}.{name}")
    elif isinstance(value, tuple):
        for place, child in enumerate(value):
            yield from cited_figures(child, inherited, f"{path}[{place}]")


REGISTRIES = re.compile(
    r"//[^/]*\b(pypi\.org|pythonhosted\.org|npmjs\.(com|org)|crates\.io|rubygems\.org|packagist\.org|nuget\.org|proxy\.golang\.org|"
    r"hub\.docker\.com|anaconda\.org|hex\.pm|pub\.dev|cran\.r-project\.org|huggingface\.co)\b"
)  # fmt: skip
WRITTEN_BY_NOBODY = re.compile(
    r"\b(AI|GPT|ChatGPT|OpenAI|Copilot|Gemini|Claude|LLM|chatbot|perplexity)\b|language model|AI-"
)


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


def test_every_shipped_threshold_has_its_source() -> None:
    rules = library.safety().value
    for part in (
        rules.highest_day_dose,
        rules.highest_course_dose,
        rules.deviation,
        rules.stale_weight,
        rules.restart_after,
    ):
        assert part.source in rules.sources
    of_class = library.product_class().value
    for said in (*of_class.vaccine_waits, *of_class.contraindications, of_class.age_risk, of_class.haemolysis):
        assert said is not None
        assert said.source in of_class.sources


# ---- rates, recomputed with plain fractions --------------------------------------------------------------------------


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
