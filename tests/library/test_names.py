"""Regimens and products are found by what people call them, and the default protocol is the one that suits."""

from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.country import markets
from ivigcalc.document.read import saved_plan
from ivigcalc.document.verify import verify
from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.library import names

ADULT: dict[str, Any] = {"age": "40y", "height": "175cm"}


def protocol_of(plan: Plan) -> str | None:
    return plan.computed_from.protocol


def product_of(plan: Plan) -> str:
    return plan.computed_from.product.value.id


# ---- regimens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("cidp", "cidp"),
        ("CIDP", "cidp"),
        ("Cidp", "cidp"),
        ("ITP", "itp"),
        ("GBS", "gbs"),
        ("lupus", "systemic-lupus-erythematosus"),
        ("Lupus", "systemic-lupus-erythematosus"),
        ("SLE", "systemic-lupus-erythematosus"),
        ("scleroderma", "systemic-sclerosis"),
        ("Scleroderma", "systemic-sclerosis"),
        ("Guillain-Barré syndrome", "gbs"),
        ("guillain barre syndrome", "gbs"),
        ("Sjogrens disease", "sjogren"),
        ("chronic inflammatory demyelinating polyneuropathy", "cidp"),
        ("Chronic ITP", "chronic-itp"),
        ("MIS-C", "mis-c"),
        ("Myasthenia Gravis", "myasthenia-gravis"),
    ],
)
def test_a_regimen_is_found_by_id_title_synonym_or_abbreviation(typed: str, found: str) -> None:
    assert library.resolve("regimen", typed) == found


@pytest.mark.parametrize("regimen", list(library.shipped("regimen")))
def test_every_name_on_file_finds_a_regimen_that_has_it(regimen: str) -> None:
    value = library.load("regimen", regimen).value
    for name in (value.id, value.title, *value.synonyms):
        for typed in (name, name.upper(), name.lower()):
            assert library.resolve("regimen", typed) == regimen


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sclerosis", "systemic-sclerosis"),  # by a word of the title, before anything spelt alike
        ("skleroderma", "systemic-sclerosis"),
        ("lupus nefritis", "lupus-nephritis"),
        ("bullous", "pemphigoid"),
        ("dermatomiositis", "dermatomyositis"),
    ],
)
def test_a_suggestion_goes_by_meaning_before_spelling(typed: str, meant: str) -> None:
    with pytest.raises(RequestError) as caught:
        library.resolve("regimen", typed)
    assert f"did you mean {meant}" in str(caught.value)


def test_a_protocol_is_found_in_any_case() -> None:
    assert protocol_of(helpers.plan("Dermatomyositis:US-Label", "octagam-10-us", "70kg", **ADULT)) == "us-label"


# ---- products ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "country", "found"),
    [
        ("Gamunex-C", None, "gamunex-c-us"),
        ("gamunex c", "US", "gamunex-c-us"),
        ("Privigen", "US", "privigen-us"),
        ("PRIVIGEN", "us", "privigen-us"),
        ("privigen", "USA", "privigen-us"),
        ("Privigen", "AU", "privigen-au"),
        ("Privigen", "DE", "privigen-eu"),  # a licence of the Union
        ("Octagam 10%", "US", "octagam-10-us"),
        ("octagam 10", "FR", "octagam-10-eu"),
        ("Gammagard Liquid", "US", "gammagard-liquid-us"),
        ("gammaplex-5", "GB", "gammaplex-5-uk"),
        ("Kiovig", None, "kiovig-eu"),
    ],
)
def test_a_product_is_found_by_its_brand_and_country(typed: str, country: str | None, found: str) -> None:
    assert library.resolve("product", typed, country) == found


@pytest.mark.parametrize(
    ("typed", "country", "words"),
    [
        ("Privigen", None, "licensed in several countries; choose one: privigen-au, .*, or say where with --country"),
        (
            "Octagam",
            "US",
            "several products called 'Octagam' are licensed in US; choose one: octagam-10-us, octagam-5-us",
        ),
        ("Privigen", "JP", "licensed in several countries; choose one: privigen-au"),
        ("Gammagad", None, "did you mean gammagard"),
    ],
    ids=str,
)
def test_a_brand_that_names_several_is_not_guessed(typed: str, country: str | None, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        library.resolve("product", typed, country)


def test_the_country_of_the_site_picks_the_brand() -> None:
    site = helpers.a_site(holidays={"country": "US", "subdivision": "NY"}, closed_days="nearest")
    assert product_of(helpers.plan("cidp", "Privigen", "70kg", site=site, **ADULT)) == "privigen-us"
    got = helpers.plan("cidp", "Privigen", "70kg", site=site, country="EU", **ADULT)
    assert product_of(got) == "privigen-eu"  # what the order says comes first


@pytest.mark.parametrize("text", ["", "Germany", "D", "U.S."])
def test_a_country_is_two_letters(text: str) -> None:
    with pytest.raises(RequestError, match="--country"):
        helpers.plan("cidp", "privigen-us", "70kg", country=text, **ADULT)


def test_a_licence_of_the_union_counts_in_its_members() -> None:
    assert markets("DE") == ("DE", "EU")
    assert markets("GB") == ("UK",)
    assert markets("CH") == ("CH",)
    assert markets(None) == ()


# ---- the default protocol ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regimen", "product", "chosen"),
    [
        ("cidp", "gamunex-c-us", "us-label-gamunex-c"),  # its own label, not the first of the file
        ("cidp", "privigen-us", "us-label-privigen"),
        ("cidp", "privigen-eu", "eu-label"),  # the first of its country
        ("itp", "gamunex-c-us", "us-label-gamunex-c"),
        ("itp", "privigen-eu", "smpc-single"),
        ("itp", "panzyga-ca", "ca-label-panzyga"),
        ("dermatomyositis", "octagam-10-us", "us-label"),
        ("dermatomyositis", "octagam-10-eu", "smpc"),
        ("dermatomyositis", "privigen-us", "us-label"),  # the only label of its country, though another's
        ("kawasaki", "gammagard-sd-us", "us-label-gammagard-sd-single"),
    ],
)
def test_it_is_of_the_label_of_the_product_else_of_its_country(regimen: str, product: str, chosen: str) -> None:
    age = {"age": "4y"} if regimen == "kawasaki" else ADULT
    more: dict[str, Any] = {"policy": "us-group-health"} if not library.product(product).value.vials else {}
    dose = {"dose": "0.9 g/kg"} if chosen == "smpc-single" else {}
    weight = "16kg" if regimen == "kawasaki" else "70kg"
    assert protocol_of(helpers.plan(regimen, product, weight, **age, **more, **dose)) == chosen


def test_it_fits_the_patient() -> None:
    """Of Ontario's two, the one for children."""
    child = helpers.plan("itp", "igivnex-ca", "20kg", age="6y", policy="us-group-health", dose="0.9 g/kg")
    adult = helpers.plan("itp", "igivnex-ca", "70kg", policy="us-group-health", **ADULT)
    assert (protocol_of(child), protocol_of(adult)) == ("ontario-child", "ontario")


def test_the_country_of_the_order_comes_before_that_of_the_product() -> None:
    got = helpers.plan("itp", "privigen-us", "70kg", country="CA", **ADULT)
    assert protocol_of(got) == "ontario"


def test_what_was_taken_is_said_and_a_saved_plan_recomputes_to_itself() -> None:
    got = helpers.plan("CIDP", "Gamunex-C", "70kg", country="US", **ADULT)
    [said] = [n.message for n in got.notices if n.message.startswith("protocol not given")]
    assert "us-label-gamunex-c is the first label or guideline for this patient, product and country" in said
    saved = saved_plan(to_json(got).encode(), "plan.json")
    assert verify(saved).agrees


# ---- --indication -----------------------------------------------------------------------------------------------------


def test_an_indication_is_the_same_as_a_regimen(capfd: pytest.CaptureFixture[str]) -> None:
    order = ["-p", "privigen-us", "--weight", "70kg", "--age", "40y", "-f", "csv"]
    assert main(["dose", "--indication", "CIDP", *order]) == 0
    by_indication = capfd.readouterr().out
    assert main(["dose", "--regimen", "cidp", *order]) == 0
    assert capfd.readouterr().out == by_indication
    assert main(["dose", "--regimen", "cidp", "--indication", "cidp", *order]) == 2
    assert "give --regimen or --indication, not both" in capfd.readouterr().err


def test_rates_find_an_indication_by_its_name() -> None:
    by_name = helpers.rates("octagam-10-eu", "Kawasaki disease", "12kg", "24g", age="3y")
    assert by_name.computed_from.request.indication == "kawasaki"
    assert by_name.sessions == helpers.rates("octagam-10-eu", "kawasaki", "12kg", "24g", age="3y").sessions


def test_one_spelling_makes_no_two_names_one() -> None:
    """American and British are one spelling: whoever went by a name of its own still does."""
    for kind in ("regimen", "product", "policy"):
        found = [loaded.value for loaded in library.load_all(kind)]
        for definition in found:
            assert library.resolve(kind, definition.id) == definition.id
            assert names.called(names.index_of(found), definition.id) == [definition.id]
        assert len({names._plain(definition.id) for definition in found}) == len(found)
