"""A command line again, with words that could not be read put so that they can: once for each thing they may say.

Only loaded once something is wrong. Nothing is chosen for anybody: what can be read in two ways is shown in both, and
every reading is held against the reader that refused the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import pairwise, takewhile
from typing import Any

from ivigcalc.request import words
from ivigcalc.request.fields import FIELD, Field
from ivigcalc.text import nearest

#: what reads any text
_TEXTS = (str, words.printable)
#: the options that take an id, and of what
_IDS = {"regimen": "regimen", "indication": "regimen", "product": "product", "policy": "policy"}
#: option -> the one that it is said in place of
_INSTEAD = {row.option: FIELD[row.instead_of].option for row in FIELD.values() if row.instead_of}
#: the most readings that are shown
_MOST = 4
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
#: feet or stones with a mark in them, and a number with a comma that can be misread
_ONE_NUMBER = re.compile(r"([0-9]{1,3})[.,]([0-9]{1,2}) ?(?:ft|feet|foot|st|stones?)")
_THOUSANDS = re.compile(r"([0-9]{1,3}),([0-9]{3}) ?([a-z/]+)", re.IGNORECASE)
_COUNT = re.compile(r"x?\s*([0-9]+)\s*(?:x|times|d|days?|courses?|cycles?)?")
_CLOCK = re.compile(r"([0-9]{1,2}?)(?:[:.,h ]?([0-5][0-9]))?(?::00)?\s*(?:h|o'clock|([ap])\.?m\.?)?")
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/. ]?)([0-9]{1,2})\2([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})")
_DAY_MONTH = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[-/. ]*([a-z]{3,9})[-/., ]*([0-9]{4})")
_MONTH_DAY = re.compile(r"([a-z]{3,9})[-/. ]*([0-9]{1,2})(?:st|nd|rd|th)?[-/., ]+([0-9]{4})")
_MONTHS = "january february march april may june july august september october november december".split(" ")  # noqa: SIM905
#: what a refusal names that may have been meant; and what else a name is of
_NAMED = re.compile(r"'([^']+)'[^?]*?; (?:did you mean ([a-z0-9:-]+)\?|choose one: ([a-z0-9:, -]+?)(?:, or say|$))")
_OF_ANOTHER = re.compile(r", which is a (regimen|product|policy): ")
_SEVERAL = "are several: give each by itself"
#: words of every day -> the choice that they mean
_EVERYDAY = {
    **dict.fromkeys(("kidney", "kidneys", "nephropathy"), "renal"),
    **dict.fromkeys(("heart", "cardiovascular"), "cardiac"),
    **dict.fromkeys(("clot", "clots", "dvt", "vte", "thromboembolism", "thrombotic"), "thrombosis"),
    **dict.fromkeys(("woman", "girl"), "female"),
    **dict.fromkeys(("man", "boy"), "male"),
}
_NO_CHOICE, _ALLOWED = "is not one of the choices", re.compile(r"allowed: ([^;?]+)$")


def again(field: str, said: str, arguments: Sequence[str]) -> list[list[str]]:
    """The command lines to try after the value of an option was refused; none where nothing can be read into it.

    `said`: the refusal, which names the choices where there are some.
    """
    row = FIELD.get(_READ_AS.get(field, field))
    if field in _IDS and (swapped := _swapped(field, said, arguments)):
        return [swapped]
    options = {f"--{field.replace('_', '-')}", *((row.option, row.short) if row and row.name == field else ())}
    if field == "format":
        options.add("-f")
    if field == "date":  # the argument of `day`
        options.add("day")
    if _SEVERAL in said and row is not None and row.holds == "many":
        return _apart(arguments, row.option, said)
    if _NO_CHOICE in said and (found := _ALLOWED.search(said)):
        choices = found[1].split(", ")
        if everyday := _with(arguments, options, lambda typed: _among(choices, _EVERYDAY.get(typed.lower()))):
            return everyday
        if "did you mean" not in said:  # several words, of which one is known, are not that one
            return []
        return _with(arguments, options, lambda typed: _only(nearest(typed.lower(), choices)))
    if found := _NAMED.search(said):
        named = (found[2] or found[3]).split(", ")
        several = re.search(r"[,;+&/]", found[1])
        meant = [] if several or len(named) > _MOST else named
        behind = _with(arguments, options, lambda typed: meant if typed == found[1] else [])
        return behind or ([] if options & set(arguments) else _in_place(arguments, found[1], meant))
    if row is None:
        return []
    reader = row.read
    proposed = _PROPOSED.get(_READ_AS.get(field, field))
    if proposed is None:
        return []
    return _with(arguments, options, lambda typed: _readable(typed, proposed, reader))


def _swapped(field: str, said: str, arguments: Sequence[str]) -> list[str]:
    """The command line with a name behind the option of what it is; what stood there takes its place."""
    found = _OF_ANOTHER.search(said)
    if found is None:
        return []
    own, other = FIELD[field], FIELD[found[1]]
    place = {word: at for at, word in enumerate(arguments)}
    here = next((place[name] for name in (own.option, own.short) if name and name in place), None)
    there = next((place[name] for name in (other.option, other.short) if name and name in place), None)
    line = list(arguments)
    if here is None or here + 1 >= len(line):
        return []
    if there is None:
        line[here] = other.option
    elif there + 1 < len(line):
        line[here], line[there] = line[there], line[here]
    return line if line[here + 1] != line[there + 1 if there is not None else here] else []


def _among(choices: Sequence[str], meant: str | None) -> list[str]:
    return [meant] if meant is not None and meant in choices else []


def _apart(arguments: Sequence[str], option: str, said: str) -> list[list[str]]:
    """The command line with an option once for each of several words that were given to one: `renal,cardiac`."""
    for place, (name, value) in enumerate(pairwise(arguments)):
        if name == option and f"'{value}'" in said:
            each = re.split(r"[\s,;+/&]+(?:and\s+)?", value.strip().lower())
            return [[*arguments[:place], *(word for one in each for word in (option, one)), *arguments[place + 2 :]]]
    return []


def _in_place(arguments: Sequence[str], typed: str, meant: Sequence[str]) -> list[list[str]]:
    """The command line with an argument put as each of these."""
    if typed not in arguments[1:]:
        return []
    at = arguments.index(typed, 1)
    return [[*arguments[:at], one, *arguments[at + 1 :]] for one in meant]


def joined(arguments: Sequence[str], command: Any) -> tuple[list[str], list[str]]:
    """The command line with the words that stand behind a value put to it, where they make one together, as `72 kg`;
    and those values."""
    options = {name: param for param in command.params for name in (*param.opts, *param.secondary_opts)}
    after: Any = None
    line, values, place = list[str](), list[str](), 0
    while place < len(arguments):
        word, place = arguments[place], place + 1
        line.append(word)
        name, equals, value = word.partition("=")
        after = options.get(name)
        if after is None or after.is_flag or (not equals and place == len(arguments)):
            continue
        if not equals:
            value, place = arguments[place], place + 1
            line.append(value)
        behind = list(takewhile(lambda one: not one.startswith("-"), arguments[place:]))
        text = " ".join((value, *behind))
        if behind and _makes_sense(after, text, behind, command):
            values.append(text)
            line[-1] = f"{name}={text}" if equals else text
            place += len(behind)
    return line, values


def could_be(word: str, arguments: Sequence[str], command: Any) -> list[str]:
    """The options of a command, not given yet, whose value a word can be that stands by itself: `70kg` is a weight.

    What nobody can do without goes before what may be given as well.
    """
    from ivigcalc.library.place import shipped

    own = {name for param in command.params for name in param.opts}
    given = {argument.partition("=")[0] for argument in arguments}
    given |= {row.option for row in FIELD.values() if row.short in given}
    found = [row.option for row in FIELD.values() if _reads(row, word)]
    found += [f"--{name}" for name, kind in _IDS.items() if word.partition(":")[0].lower() in shipped(kind)]
    found = [option for option in found if option in own and option not in given]
    found = [option for option in found if _INSTEAD.get(option) not in found]
    return found[:1] if found[:1] == ["--weight"] else found


def _reads(row: Field, word: str) -> bool:
    """Whether a word can be the value of a field that not any text can be."""
    if row.read in _TEXTS:
        return False
    try:
        row.read(word)
    except ValueError:
        return False
    return True


def _makes_sense(option: Any, text: str, behind: Sequence[str], command: Any) -> bool:
    """Whether words after an option are one value. Where any text can be one, those behind it must be nothing else."""
    name = next(name for name in option.opts if name.startswith("--")).removeprefix("--").replace("-", "_")
    row = FIELD.get(_READ_AS.get(name, name))
    if row is not None and row.read not in _TEXTS:
        return _reads(row, text)
    others = any(param.param_type_name == "argument" for param in command.params)
    return not others and not any(could_be(word, (), command) for word in behind)


# ---- what may have been said ----------------------------------------------------------------------------------------


def _with_units(*units: str) -> Callable[[str], Iterator[str]]:
    """A number without a unit, in each of these."""
    return lambda typed: (f"{typed}{unit}" for unit in units if _NUMBER.fullmatch(typed))


def _measured(larger: str, smaller: str, most: int, *units: str) -> Callable[[str], Iterator[str]]:
    """The same, and feet or stones in one number as two, and as what they are in the smaller unit."""

    def proposed(typed: str) -> Iterator[str]:
        yield from _with_units(*units)(typed)
        if found := _ONE_NUMBER.fullmatch(typed.lower().replace("'", "ft")):
            yield f"{found[1]}{larger}{int(found[2])}{smaller}"
            in_all = (Decimal(f"{found[1]}.{found[2]}") * most).normalize()
            yield f"{in_all:f}{smaller}"
        yield from _thousands(typed)

    return proposed


def _thousands(typed: str) -> Iterator[str]:
    """A comma as a decimal point, and as one of thousands."""
    if found := _THOUSANDS.fullmatch(typed):
        for said in (f"{found[1]}.{found[2]}", f"{found[1]}{found[2]}"):
            yield f"{Decimal(said).normalize():f}{found[3]}"


def _doses(typed: str) -> Iterator[str]:
    """A number without its unit in each, and units as they are spoken: 2 g per kg, 2 gkg."""
    yield from _with_units("g", "g/kg", "mg/kg")(typed)
    yield from _thousands(typed)
    said = re.sub(r"\s*\b(?:per|an?|each)\b\s*", "/", typed.lower())
    yield re.sub(r"(?<=g)kg\b", "/kg", said)


def _clocks(typed: str) -> Iterator[str]:
    """`9am`, `10.51`, `0930`; a bare `9` is in the morning or in the evening."""
    found = _CLOCK.fullmatch(typed.lower())
    if found is None:
        return
    hour, minutes = int(found[1]), found[2] or "00"
    if found[3]:
        if 1 <= hour <= 12:
            yield f"{hour % 12 + (12 if found[3] == 'p' else 0):02}:{minutes}"
        return
    yield f"{hour:02}:{minutes}"
    if found[2] is None and 1 <= hour <= 12:
        yield f"{(hour + 12) % 24:02}:{minutes}"


def _days(typed: str) -> Iterator[str]:
    """`2026/12/1`, `1 Dec 2026`; `01/12/2026` is a day of December or of January."""
    text = typed.lower()
    if found := _YEAR_FIRST.fullmatch(text):
        yield f"{found[1]}-{int(found[3]):02}-{int(found[4]):02}"
    elif found := _YEAR_LAST.fullmatch(text):
        for day, month in ((found[1], found[3]), (found[3], found[1])):
            yield f"{found[4]}-{int(month):02}-{int(day):02}"
    elif found := _DAY_MONTH.fullmatch(text) or _MONTH_DAY.fullmatch(text):
        name, day = (found[2], found[1]) if found[1].isdigit() else (found[1], found[2])
        for number, month in enumerate(_MONTHS, start=1):
            if month.startswith(name):
                yield f"{found[3]}-{number:02}-{int(day):02}"


def _counts(typed: str) -> Iterator[str]:
    """`x6`, `3 days`."""
    if found := _COUNT.fullmatch(typed.lower()):
        yield found[1]


def _countries(typed: str) -> Iterator[str]:
    """The letters of a country that is written by its English name, where its names are installed."""
    with suppress(ImportError):
        from babel import Locale

        names = Locale("en").territories
        yield from (code for code, name in names.items() if len(code) == 2 and name.casefold() == typed.casefold())


#: field -> what its words may have been meant to say
_PROPOSED: Mapping[str, Callable[[str], Iterator[str]]] = {
    "weight": _measured("st", "lb", 14, "kg", "lb"),
    "height": _measured("ft", "in", 12, "cm", "in", "m", "ft"),
    "age": _with_units("y", "mo"),
    "dose": _doses,
    "over": _with_units(" h", " min"),
    "every": _with_units(" days", " weeks", " months"),
    "valid_for": _with_units(" days", " weeks", " months"),
    "at": _clocks,
    "start": _days,
    "days": _counts,
    "courses": _counts,
    "country": _countries,
}
#: field -> the one that is read alike
_READ_AS = {
    "previous_weight": "weight",
    "pre_pregnancy_weight": "weight",
    "new_weight": "weight",
    "reaction_at": "at",
    "resume_at": "at",
    "from_course": "courses",
    **dict.fromkeys(("weighed_on", "birth_date", "last_infusion", "missed", "to", "date"), "start"),
}


def _readable(typed: str, proposed: Callable[[str], Iterator[str]], reader: Callable[[str], Any]) -> list[str]:
    """What is proposed for words that cannot be read, as far as it can; nothing for words that can."""
    with suppress(ValueError):
        reader(typed)
        return []
    found = []
    for reading in dict.fromkeys(proposed(" ".join(typed.split()))):
        with suppress(ValueError):
            reader(reading)
            found.append(reading)
    return found if len(found) <= _MOST else []


def _only(found: list[str]) -> list[str]:
    return found if len(found) == 1 else []


# ---- where it stands ------------------------------------------------------------------------------------------------


def _with(arguments: Sequence[str], options: set[str], readings: Callable[[str], list[str]]) -> list[list[str]]:
    """The command line with the first value of these options that has readings put as each of them."""
    for place, (before, word) in enumerate(zip(("", *arguments), arguments, strict=False)):
        name, equals, value = word.partition("=")
        head = f"{name}=" if equals and name in options else ""
        typed = value if head else word if before in options else None
        if typed is not None and (found := readings(typed)):
            return [[*arguments[:place], f"{head}{reading}", *arguments[place + 1 :]] for reading in found]
    return []
