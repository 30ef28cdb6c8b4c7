"""Finds definitions: those shipped in the wheel by id, a hospital's own by path. All go through `load`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ivigcalc.country import markets
from ivigcalc.customs import is_known
from ivigcalc.definitions import Formula, Loaded, LoadedPolicy, Policy, Product, ProductClass, Regimen, Safety, Site
from ivigcalc.engine.public_holidays import mistaken
from ivigcalc.errors import DefinitionError, MissingExtraError, RequestError
from ivigcalc.library import names, prepared
from ivigcalc.library.place import FOLDERS as FOLDERS
from ivigcalc.library.place import root as root
from ivigcalc.library.place import shipped as shipped
from ivigcalc.request.reference import is_path, split_protocol
from ivigcalc.text import safe

#: so many are named as what may have been meant
_NAMED = 6

if TYPE_CHECKING:
    from ivigcalc.errors import Problem
    from ivigcalc.library.problems import PathKey


def load_all(kind: str) -> Iterator[Loaded[Any]]:
    """Every shipped definition of a kind, in order of id."""
    for identifier in shipped(kind):
        yield load(kind, identifier)


def load(kind: str, reference: str, country: str | None = None) -> Loaded[Any]:
    """A definition by id or name (a product's also by its brand and country) or by the path of a file, read anew once
    it changed."""
    if is_path(reference):
        return _load_own(kind, reference, _state(Path(reference)))
    return _load_shipped(kind, reference, country)


@cache
def _load_shipped(kind: str, reference: str, country: str | None) -> Loaded[Any]:
    path = shipped(kind)[resolve(kind, reference, country)]
    return prepared.load(path, kind) or load_file(path, kind)


@lru_cache(maxsize=256)
def _load_own(kind: str, path: str, _state: object) -> Loaded[Any]:
    return replace(load_file(Path(path), kind), is_file=True)


def _state(path: Path) -> object:
    """Another one whenever the file is another: a process that runs for days must not keep an outdated dose."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None  # reading it will say why
    return found.st_ino, found.st_size, found.st_mtime_ns  # control: edited-file


def resolve(kind: str, reference: str, country: str | None = None) -> str:
    """The full id for what the user typed; raises `RequestError` with candidates."""
    ids = shipped(kind)
    if reference in ids:
        return reference
    found = [name for name in ids if kind == "product" and name.rpartition("-")[0] == reference]
    found = found or names.called(_index(kind), reference)
    if len(found) > 1 and kind == "product":
        found = _licensed_in(country, found, reference)
    if len(found) == 1:
        return found[0]
    if found:
        message = f"{kind} '{safe(reference)}' is the name of several; choose one: {', '.join(found)}"
        raise RequestError(message, field=kind)
    listing = {"regimen": "regimens", "product": "products", "policy": "policies"}.get(kind, kind)
    other = _other_kind(kind, reference)
    meant = "" if other else ", ".join(names.alike(_index(kind), reference))
    raise RequestError(
        f"no {kind} '{safe(reference)}'{f', which is a {other}: give it to --{other}' if other else ''}; "
        f"{f'did you mean {meant}? ' if meant else ''}`ivigcalc {listing} list` shows all",
        field=kind,
        code=f"unknown-{kind}",
    )


def _other_kind(kind: str, reference: str) -> str:
    """Of what else it is the name: `cidp` that is given as a product; nothing where of none."""
    others = [other for other in ("regimen", "product", "policy") if other != kind]
    known = (other for other in others if reference in shipped(other) or names.called(_index(other), reference))
    return next(known, "")


@cache
def _index(kind: str) -> names.Index:
    """Every name of every shipped definition of a kind: all of their files are read, so only where no id is typed."""
    return names.index_of(loaded.value for loaded in load_all(kind))


def _licensed_in(country: str | None, found: list[str], reference: str) -> list[str]:
    here = names.of_country(found, markets(country))  # control: several-products
    if len(here) == 1:
        return here
    if here:
        message = f"several products called '{safe(reference)}' are licensed in {safe(country or '')}"
    else:
        message = f"product '{safe(reference)}' is licensed in several countries"
    hint = "" if country else ", or say where with --country"
    raise RequestError(f"{message}; choose one: {', '.join(here or found)}{hint}", field="product")


def regimen(reference: str) -> tuple[Loaded[Regimen], str | None]:
    """A regimen, and the protocol named after the colon, if any."""
    name, protocol = split_protocol(reference)
    return load("regimen", name), protocol


def regimen_of_use(indication: str | None) -> Loaded[Regimen] | None:
    """The shipped file of an indication, if there is one: what it prints of the rate holds for every regimen of it."""
    return load("regimen", indication) if indication in shipped("regimen") else None


def indication_of(indication: str, product: Product) -> str:
    """The id of an indication: of a shipped regimen, by id or name, or of one of the product's own tables."""
    known = {*shipped("regimen"), *(name for table in product.rates for name in table.for_)}
    if indication not in known:
        found = names.called(_index("regimen"), indication)
        if len(found) == 1:
            return found[0]
        if other := _other_kind("regimen", indication):
            message = f"no indication '{safe(indication)}', which is a {other}: give it to --{other}"
            raise RequestError(
                f"{message}; `ivigcalc regimens list` shows all", field="indication", code="unknown-indication"
            )
        alike = dict.fromkeys((*names.alike(_index("regimen"), indication), *names.meant(indication, known)))
        hint = f"did you mean {', '.join(list(alike)[:_NAMED])}? " if alike else ""
        raise RequestError(
            f"no indication '{safe(indication)}'; {hint}`ivigcalc regimens list` shows all",
            field="indication",
            code="unknown-indication",
        )
    return indication


def condition_of(typed: str, product: Product, safety: Safety, product_class: ProductClass) -> str:
    """The condition that is typed, as the files have it: American or British, in any case, with blanks for hyphens."""
    parts = (product.contraindications, product.warnings, product.unlike_class, product_class.contraindications)
    said = (part.condition for several in parts for part in several if part.condition)
    return names.same(typed, [*safety.conditions, *product.contraindicated_with, *said])


def product(reference: str, country: str | None = None) -> Loaded[Product]:
    """A product by id, name or path; a brand of several countries is that of the country."""
    return load("product", reference, country)


def policy(reference: str) -> LoadedPolicy:
    """A policy by id or path, with its formula."""
    found: Loaded[Policy] = load("policy", reference)
    weight = found.value.dosing_weight
    ideal = weight.ideal if weight else None
    return LoadedPolicy(found, _formula(ideal, found, ("dosing_weight", "ideal")) if ideal is not None else None)


def formulas(regimen: Loaded[Regimen] | None, safety: Loaded[Safety]) -> tuple[Loaded[Formula], ...]:
    """The formulas that the protocols of a regimen and the thresholds name, each once."""
    named: dict[str, Loaded[Formula]] = {}
    for name, protocol in regimen.value.protocols.items() if regimen else ():
        ideal = protocol.dosing_weight.ideal if protocol.dosing_weight else None
        if regimen is not None and ideal is not None:
            named[ideal] = _formula(ideal, regimen, ("protocols", name, "dosing_weight", "ideal"))
    if safety.value.obese_weight is not None:
        ideal = safety.value.obese_weight.ideal
        named[ideal] = _formula(ideal, safety, ("obese_weight", "ideal"))
    return tuple(named.values())


def _formula(ideal: str, of: Loaded[Any], key: PathKey) -> Loaded[Formula]:
    """The formula that a file names; that there is none is a mistake of the file, not of what was typed."""
    if ideal not in shipped("formula"):
        raise DefinitionError([problem_in(of.name, key, no_formula(ideal), ", ".join(shipped("formula")))])
    return load("formula", ideal)


def no_formula(ideal: str) -> str:
    """What is wrong with a policy whose formula is not shipped."""
    return f"there is no formula '{ideal}'"


def load_file(path: Path, kind: str) -> Loaded[Any]:
    """By the full reader, which is loaded when there is something to read."""
    from ivigcalc.library import reader

    return reader.load_file(path, kind)


def problem_in(file: str, key: PathKey, message: str, allowed: str) -> Problem:
    """A problem of a file that loads by itself, on the line of its key."""
    from ivigcalc.library import reader

    return reader.problem_in(file, key, message, allowed)


def site(path: str) -> Loaded[Site]:
    """A clinic's site file. Its country is looked up by no name but one that is listed."""
    found: Loaded[Site] = load_file(Path(path), "site")
    _check_holidays(found)
    _check_locale(found)
    return found


def _check_locale(site: Loaded[Site]) -> None:
    locale = site.value.locale
    try:
        if locale is None or is_known(locale):
            return
    except MissingExtraError:  # what is written in its language says so
        return
    raise DefinitionError([problem_in(site.name, ("locale",), *no_locale(locale))])


def no_locale(locale: str) -> tuple[str, str]:
    """What is wrong with a locale that CLDR does not have, and what would do."""
    return (
        f"there is no locale '{locale}'",
        "a language and its country, such as en-US, or a language alone",
    )


def _check_holidays(site: Loaded[Site]) -> None:
    chosen = site.value.holidays
    if chosen is None:
        return
    try:
        mistake = mistaken(chosen.country, chosen.subdivision)
    except MissingExtraError:  # a plan with dates says so; another does not need it
        return
    if mistake is not None:
        raise DefinitionError([problem_in(site.name, ("holidays", mistake.key), mistake.message, mistake.allowed)])


def safety() -> Loaded[Safety]:
    """The thresholds of the checks."""
    return load("safety", "defaults")


def product_class() -> Loaded[ProductClass]:
    """What is printed for intravenous immunoglobulins as such."""
    return load("class", "intravenous-immunoglobulins")
