"""What people call a regimen, a product or a policy: its id in any case, its title, its synonyms, its brand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from ivigcalc.definitions import Definition, Product, Regimen
from ivigcalc.text import nearest

_NO_WORD = re.compile(r"[^a-z0-9]+")
_STRENGTH = re.compile(r" [0-9]+$")
#: how many ids a suggestion names
_MOST = 6
_SAY_LITTLE = ("a", "acute", "and", "disease", "for", "in", "of", "or", "syndrome", "the", "with")

_LETTERS = str.maketrans({"'": "", "æ": "ae", "œ": "oe"})
#: British spelling -> American; what is typed and what is on file are both turned
_SPELLINGS = (
    ("ae", "e"),
    ("oe", "e"),
    ("our", "or"),
    ("ise", "ize"),
    ("ising", "izing"),
    ("isation", "ization"),
    ("sulph", "sulf"),
)

Index = Mapping[str, tuple[str, ...]]


def index_of(definitions: Iterable[Definition]) -> Index:
    """Name -> the ids that go by it; an id is nobody else's name."""
    found: dict[str, dict[str, None]] = {}
    own: dict[str, tuple[str, ...]] = {}
    for definition in definitions:
        own[_plain(definition.id)] = (definition.id,)
        for name in map(_plain, _names(definition)):
            found.setdefault(name, {})[definition.id] = None
    return {name: tuple(ids) for name, ids in found.items()} | own


def called(index: Index, typed: str) -> list[str]:
    """The ids that go by a name."""
    return list(index.get(_plain(typed), ()))


def same(typed: str, known: Iterable[str]) -> str:
    """The known word that is typed, in any case and spelling, with or without hyphens; as typed where there is none."""
    return typed if typed in known else next((word for word in known if _plain(word) == _plain(typed)), typed)


def alike(index: Index, typed: str) -> list[str]:
    """The ids that may have been meant: those whose names have the same words, or words that mean as much, the most of
    them first; then those spelt alike."""
    words = set(_plain(typed).split())
    whole = [name for name in index if words and words <= set(name.split())]
    by_spelling = _spelt_alike(index, _plain(typed))
    found = [i for name in (*whole, *_meant(_plain(typed), index), *by_spelling) for i in index[name]]
    return list(dict.fromkeys(found))[:_MOST]


def meant(typed: str, known: Iterable[str]) -> list[str]:
    """Of words or ids, those that may have been meant: by the words in them, by what means as much, by spelling."""
    return alike({_plain(word): (word,) for word in known}, typed)


def _meant(typed: str, index: Index) -> list[str]:
    """The names that have any of the words, or what means as much; of those the ones that have most of them."""
    means = [{word, *map(_plain, _meanings().get(word, ()))} for word in set(typed.split()) - _say_little()]
    counts = {name: sum(1 for several in means if several & set(name.split())) for name in index}
    most = max(counts.values(), default=0)
    found = [name for name, count in counts.items() if most and count == most]
    return sorted(found, key=lambda name: -_likeness(name, typed))


def _likeness(name: str, typed: str) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, name, typed).ratio()


@cache
def _say_little() -> frozenset[str]:
    """Those that say little, as names are compared."""
    return frozenset(map(_plain, _SAY_LITTLE))


@cache
def _meanings() -> dict[str, list[str]]:
    """What people say -> words of titles that it may mean."""
    import tomllib

    text = (Path(__file__).parent / "meanings.toml").read_text(encoding="utf-8")
    return {_plain(said): words for said, words in tomllib.loads(text).items()}


def _spelt_alike(index: Index, typed: str) -> list[str]:
    """The names that come closest; of names that come as close, ids first."""
    ids = {_plain(identifier) for several in index.values() for identifier in several}

    def rank(name: str) -> tuple[float, bool]:
        return -_likeness(name, typed), name not in ids

    return sorted(nearest(typed, index), key=rank)


def of_country(products: Iterable[str], markets: Iterable[str]) -> list[str]:
    """Those of the products that are licensed in the first of the markets where any is; an id ends in its country."""
    of = {identifier: identifier.rpartition("-")[2].upper() for identifier in products}
    return next((here for market in markets if (here := [i for i, c in of.items() if c == market])), [])


def _names(definition: Definition) -> Iterator[str]:
    yield definition.title
    if isinstance(definition, Regimen):
        yield from definition.synonyms
    if isinstance(definition, Product):
        brand = _plain(definition.id.rpartition("-")[0])
        yield from (brand, _STRENGTH.sub("", brand))


def _plain(name: str) -> str:
    """Lower case, without accents, in one spelling, one blank for whatever is no letter or digit."""
    letters = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    words = _NO_WORD.sub(" ", "".join(c for c in letters if not unicodedata.combining(c))).strip()
    for british, american in _SPELLINGS:
        words = words.replace(british, american)
    return words
