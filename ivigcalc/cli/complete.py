"""What a shell offers next: commands, options, and after an option ids: regimens with their protocols, products,
policies, phases, site files.

Typer takes longer to load than a person who types wants to wait, so they are answered without it, in the words that its
scripts for each shell understand; what is not plain is left to it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

#: option -> what it names
OPTIONS = {
    "--regimen": "regimen",
    "-r": "regimen",
    "--indication": "regimen",
    "--product": "product",
    "-p": "product",
    "--last-product": "product",
    "--policy": "policy",
    "--phase": "phase",
    "--site": "site",
}
#: commands whose arguments are ids or site files, and of what
GROUPS = {"regimens": "regimen", "products": "product", "policies": "policy", "sites": "site"}
_OF_AN_ID = ("show", "check")
#: the names of blocks and items in a definition file, which is laid out in one way (the reader sees to that)
_PROTOCOL = re.compile(r"  ([A-Za-z0-9_.-]+):")
_PHASE = re.compile(r" {6,}- id: *([A-Za-z0-9_.-]+)")
#: the heading of a code: `[patient.weight-stale]`
_CODE = re.compile(r"\[(?:\"[^\"]+\"|[a-z-]+)\.([a-z0-9-]+)\]")
_SITE = re.compile(r"kind: *site\b")
_MOST_FILES, _HEAD_CHARS = 200, 2000


def answer(instruction: str, environment: Mapping[str, str]) -> str | None:
    """What to say to the shell; None where typer is asked for it."""
    shell = instruction.removeprefix("complete_")
    if shell not in _READERS:
        return None
    try:
        typed, word = _READERS[shell](environment)
        found = _found(typed, word)
    except (OSError, ValueError, KeyError):
        return None
    if found is None or (not found and shell == "fish"):  # fish hears by the exit code that there is nothing
        return None
    return _SAID[shell](found, environment)


def command_typed(instruction: str, environment: Mapping[str, str]) -> str | None:
    """The command before the word that is asked for; None where there is none yet."""
    try:
        typed, _ = _READERS[instruction.removeprefix("complete_")](environment)
    except (ValueError, KeyError):
        return None
    return typed[0] if typed else None


def _shipped(kind: str) -> Mapping[str, Path]:
    from ivigcalc.library.place import shipped

    return shipped(kind)


def _found(typed: Sequence[str], word: str) -> list[tuple[str, str]] | None:
    """What may be typed next, with what it is for; None where typer is asked for it."""
    kind = OPTIONS.get(typed[-1]) if typed and not word.startswith("-") else None
    if kind is None:
        from ivigcalc.cli.goes_on import next_words

        words = next_words(typed, word)
        kind = _kind_of_argument(typed) if words is None and not word.startswith("-") else None
        if kind is None:
            return words
    return [(name, "") for name in _values(kind, typed, word)]


# ---- what is asked --------------------------------------------------------------------------------------------------


def _kind_of_argument(typed: Sequence[str]) -> str | None:
    """What an argument names."""
    words = [word for word in typed if not word.startswith("-")]
    if words == ["explain"]:
        return "code"
    return GROUPS.get(words[0]) if len(words) >= 2 and words[1] in _OF_AN_ID else None


def _values(kind: str, typed: Sequence[str], word: str) -> Iterator[str]:
    """The words that begin so."""
    if kind == "site":
        yield from _sites(word)
    elif kind == "phase":
        yield from (phase for phase in _phases(typed) if phase.startswith(word))
    elif kind == "code":
        yield from (code for code in _codes() if code.startswith(word.lower()))
    elif kind == "regimen" and ":" in word:
        regimen, _, begun = word.partition(":")
        yield from (f"{regimen}:{name}" for name, _ in _protocols(regimen) if name.startswith(begun))
    else:
        yield from (name for name in _shipped(kind) if name.startswith(word.lower()))


def _protocols(regimen: str) -> Iterator[tuple[str, list[str]]]:
    """The protocols of a regimen, and the phases of each."""
    file = _shipped("regimen").get(regimen, Path(regimen))
    if not file.is_file():
        return
    name, phases, inside = "", list[str](), False
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if not line.startswith((" ", "#", "\n")):
                inside = line.startswith("protocols:")
            elif inside and (found := _PROTOCOL.match(line)):
                if name:
                    yield name, phases
                name, phases = found[1], []
            elif inside and (item := _PHASE.match(line)):
                phases.append(item[1])
    if name:
        yield name, phases


def _codes() -> Iterator[str]:
    """The codes of notices and refusals, in the order of their table."""
    table = Path(__file__).parent.parent / "codes.toml"
    with table.open(encoding="utf-8") as lines:
        yield from (found[1] for line in lines if (found := _CODE.match(line)))


def _phases(typed: Sequence[str]) -> dict[str, None]:
    """The phases of the regimen that was named, of one protocol where one was named."""
    named = [value for option, value in pairwise(typed) if OPTIONS.get(option) == "regimen"]
    regimen, _, protocol = (named or [""])[-1].partition(":")
    return dict.fromkeys(phase for name, phases in _protocols(regimen) if protocol in ("", name) for phase in phases)


def _sites(word: str) -> Iterator[str]:
    """Files of sites, and folders in which there may be some, as they are typed."""
    folder, slash, begun = word.rpartition("/")
    place = Path(f"{folder}{slash}" or ".")
    inside = sorted(place.iterdir())[:_MOST_FILES] if place.is_dir() else []
    for path in inside:
        if path.name.startswith(begun) and (begun or not path.name.startswith(".")):
            if path.is_dir():
                yield f"{folder}{slash}{path.name}/"
            elif path.suffix in (".yaml", ".yml") and _is_site(path):
                yield f"{folder}{slash}{path.name}"


def _is_site(path: Path) -> bool:
    if not path.is_file():  # a pipe would be waited for
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return any(_SITE.match(line) for line in file.read(_HEAD_CHARS).splitlines())


# ---- the shells: how each says what is typed, and what it wants to hear ----------------------------------------------


def _split(text: str) -> list[str]:
    """The words of a line; a quote that is not closed yet counts to its end."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    try:
        words += lexer
    except ValueError:
        words.append(lexer.token)
    return words


def _of_bash(environment: Mapping[str, str]) -> tuple[list[str], str]:
    """Bash takes a word apart at each colon and equals sign: they are put together again."""
    words, at = _split(environment["COMP_WORDS"]), int(environment["COMP_CWORD"])
    typed, word = words[1:at], words[at] if at < len(words) else ""
    if word in (":", "="):
        typed, word = [*typed, word], ""
    joined: list[str] = []
    for part in [*typed, word]:
        if joined and (part == ":" or joined[-1].endswith(":")):
            joined[-1] += part
        elif part != "=":
            joined.append(part)
    return joined[:-1], joined[-1]


def _of_the_line(environment: Mapping[str, str]) -> tuple[list[str], str]:
    line = environment["_TYPER_COMPLETE_ARGS"]
    words = _split(line)[1:]
    word = words.pop() if words and not line.endswith(" ") else ""
    return words, word


def _of_powershell(environment: Mapping[str, str]) -> tuple[list[str], str]:
    words, word = (
        _split(environment["_TYPER_COMPLETE_ARGS"])[1:],
        environment.get("_TYPER_COMPLETE_WORD_TO_COMPLETE", ""),
    )
    return (words[:-1] if word else words), word


_Found = Sequence[tuple[str, str]]


def _to_bash(found: _Found, environment: Mapping[str, str]) -> str:
    """What stands before a colon is not replaced, so it is not said."""
    _, word = _of_bash(environment)
    said = word.rpartition(":")[0]
    return "".join((name.removeprefix(f"{said}:") if said else name) + "\n" for name, _ in found)


def _to_zsh(found: _Found, _environment: Mapping[str, str]) -> str:
    if not found:
        return "_files\n"
    words = "\n".join(f'"{_for_zsh(name)}"' + (f':"{_for_zsh(text)}"' if text else "") for name, text in found)
    return f"_arguments '*: :(({words}))'\n"


def _for_zsh(text: str) -> str:
    for one, other in (('"', '""'), ("'", "''"), ("$", "\\$"), ("`", "\\`"), (":", r"\\:")):
        text = text.replace(one, other)
    return text


def _to_fish(found: _Found, environment: Mapping[str, str]) -> str:
    """Asked whether there is something to offer, the answer is the exit code; 0 is yes."""
    if environment.get("_TYPER_COMPLETE_FISH_ACTION") != "get-args":
        return ""
    return "".join((f"{name}\t{text}" if text else name) + "\n" for name, text in found)


def _to_powershell(found: _Found, _environment: Mapping[str, str]) -> str:
    return "".join(f"{name}:::{text or ' '}\n" for name, text in found)


_READERS = {
    "bash": _of_bash,
    "zsh": _of_the_line,
    "fish": _of_the_line,
    "powershell": _of_powershell,
    "pwsh": _of_powershell,
}
_SAID = {"bash": _to_bash, "zsh": _to_zsh, "fish": _to_fish, "powershell": _to_powershell, "pwsh": _to_powershell}
