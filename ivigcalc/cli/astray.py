"""What is said to somebody who typed a command or an option that there is not: what was meant, and what to type next.

Only loaded once something is wrong. A command that was typed as other people call it is found by that name first, and
by its spelling after it; so is an option.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ivigcalc.cli.called import COMMANDS, OPTIONS
from ivigcalc.cli.reread import again, could_be, joined
from ivigcalc.errors import DefinitionError, IvigcalcError, RequestError
from ivigcalc.request.fields import FIELD
from ivigcalc.text import TYPED, near, nearest, safe

#: on another command, for a definition file after which option
_ROOMS = {
    "--regimen": "regimens",
    "-r": "regimens",
    "--product": "products",
    "-p": "products",
    "--policy": "policies",
    "--site": "sites",
}
#: commands of several definitions, and commands below them that are typed without it
_IDS_OF = {"regimens": "regimen", "products": "product", "policies": "policy"}
_OF_DEFINITIONS = ("list", "show", "new", "upgrade")
#: what a command of one patient cannot do without
_NEEDED = {
    "dose": ("weight", "regimen", "product"),
    "schedule": ("weight", "regimen", "product", "start"),
    "calendar": ("weight", "regimen", "product", "start"),
    "rates": ("weight", "indication", "product", "dose"),
}
_SEVERAL_DAYS = re.compile(r"[0-9]+\.\.[0-9]+")
_LONGEST_LINE = 200
#: what a word processor makes of two hyphens
_DASHES = "\u2013\u2014\u2012\u2212"
_SHORT = re.compile(r"-[a-z]")
_OPTION = re.compile(r"--[a-z][a-z-]+")
#: how a bound is said by the library that reads whole numbers, and how here
_BOUNDS = {
    "greater than or equal to": "from",
    "less than or equal to": "up to",
    "greater than ": "above",
    "less than ": "below",
}
_INVALID = re.compile(r"Invalid value for '([^']+)'(?: / '([^']+)')*: (?:Value error, )?(.*)")


def lines(error: Any, arguments: Sequence[str], known: Mapping[str, Callable[[], Any]]) -> list[str]:
    """What to say of an error of the command line itself, line by line; `known` makes each command that there is."""
    context = getattr(error, "ctx", None)
    begun = [word for word in arguments[:1] if word in known]
    path = " ".join(str(context.command_path).split()) if context is not None else " ".join(["ivigcalc", *begun])
    match type(error).__name__:
        case "NoSuchOption":
            return _no_option(error.option_name, path, context, arguments, known)
        case "NoArgsIsHelpError":
            return [error.format_message().replace("\t", "  ")]
    said = error.format_message().replace("\t", "  ").strip().rstrip(".")
    if said.startswith("No such command") and context is not None:
        return _no_command(arguments, path, list(context.command.commands))
    if said.startswith("Got unexpected extra argument") and context is not None:
        return _stray(said, path, context.command, arguments)
    if said.startswith("Missing argument"):
        said = re.sub(r"\. Choose from:\s*", ", one of ", said).replace(",\n", ",")
        said = " ".join(said.split())
        return [f"error: {said}: name it after `{path}`", _help(path)]
    if "requires an argument" in said:
        option = str(getattr(error, "option_name", "the option"))
        return [
            f"error: {said}: write it after it, as {_example(option, known[begun[0]]() if begun else None)}",
            _help(path),
        ]
    said, found = _invalid(" ".join(said.split()), arguments)
    return [f"error: {said}", _tries(found) or _help(path)]


def not_of_replan(error: IvigcalcError, arguments: Sequence[str], made: Callable[[], Any]) -> str:
    """Where a change of a plan is refused with a remedy that `replan` does not have: which command has it."""
    if arguments[:1] != ["replan"]:
        return ""
    own = {*_options_of(made()), "--override"}
    lacking = [option for option in dict.fromkeys(_OPTION.findall(str(error))) if option not in own]
    if not lacking and "another protocol" not in str(error):
        return ""
    what = " and ".join([*lacking, *(["another protocol"] if "another protocol" in str(error) else [])])
    return f"replan does not take {what}: plan what is left anew with ivigcalc schedule"


def next_of(error: IvigcalcError, arguments: Sequence[str]) -> str:
    """The command to try after a refusal that is not clinical; nothing where none would help."""
    if isinstance(error, DefinitionError):
        if "check" in arguments[1:2]:
            return ""
        room, missing = _room(error, arguments), any("cannot be read" in found.message for found in error.problems)
        listed = missing and room != "sites"
        return (
            f"those that need no file: ivigcalc {room} list" if listed else f"to check it: ivigcalc {room} check FILE"
        )
    if isinstance(error, RequestError):
        coded = error.code != "bad-request"
        if (not coded or error.code.startswith("unknown-")) and (
            tries := _tries(again(error.field, str(error), arguments))
        ):
            return tries
        if error.field == "days" and (compared := _as_comparison(arguments)):
            return compared
        if coded:
            besides = _missing_besides(error, arguments) if error.code == "missing" else ""
            return f"{besides}what it means and what to do: ivigcalc explain {error.code}"
    words = list(arguments[:2] if arguments[1:2] and not arguments[1].startswith("-") else arguments[:1])
    known = words[:2] if words[:1] in (["regimens"], ["products"], ["policies"], ["sites"]) else words[:1]
    return _help(" ".join(["ivigcalc", *known])) if known else ""


def _missing_besides(error: RequestError, arguments: Sequence[str]) -> str:
    """What else a command of one patient cannot do without, so that it need not be asked for one after the other."""
    given = {word.partition("=")[0] for word in arguments[1:]}
    said = {row.name for row in FIELD.values() if given & {row.option, row.short} - {""}}
    said |= {"product"} if "--site" in given else set()  # which may have its own
    said |= {"regimen"} if "indication" in said else set()
    said |= {"weight"} if "--from-fhir" in given else set()
    needed = [FIELD[name] for name in _NEEDED.get(arguments[0] if arguments else "", ()) if name not in said]
    besides = [f"{row.option} {row.metavar}" for row in needed if row.name != error.field]
    return f"missing besides: {', '.join(besides)}\n" if besides and error.field not in said else ""


def _as_comparison(arguments: Sequence[str]) -> str:
    """The line as a comparison of several numbers of days, which one plan cannot have."""
    line = ["compare", *arguments[1:]]
    several = any(_SEVERAL_DAYS.fullmatch(value) for option, value in pairwise(line) if option == "--days")
    return _command("ivigcalc", line) if several and arguments[0] == "dose" else ""


def _help(path: str) -> str:
    return f"all that it takes: {path} --help"


def _no_command(arguments: Sequence[str], path: str, known: list[str]) -> list[str]:
    depth = len(path.split()) - 1
    typed = arguments[depth] if depth < len(arguments) else ""
    if otherwise := _said_otherwise(path, typed.lower(), list(arguments[depth + 1 :]), known):
        return [f"error: No such command '{safe(typed, TYPED)}' of {path}; {otherwise[0]}", *otherwise[1:]]
    meant = COMMANDS.get(typed.lower(), "")
    found = [meant] if meant in known else nearest(typed.lower(), known)
    rest = [found[0], *arguments[depth + 1 :]] if found else []
    remedy = f"try {' or '.join(found)}" if found else f"allowed: {', '.join(sorted(known))}"
    return [f"error: No such command '{safe(typed, TYPED)}' of {path}; {remedy}", _command(path, rest) or _help(path)]


def _said_otherwise(path: str, typed: str, rest: list[str], known: list[str]) -> list[str]:
    """The remedy and the line to type for a word that is an option of the program, a command of definitions, or the id
    of one."""
    if path != "ivigcalc":
        of = _of_which([typed], [path.split()[1]])
        return ["write show before an id", _command(f"{path} show", [typed, *rest])] if of else []
    if typed == "help":
        command = [*rest[:1]] if rest[:1] and rest[0] in known else []
        return ["write --help behind a command", _command(path, [*command, "--help"])]
    if typed == "version":
        return ["write --version", _command(path, ["--version"])]
    if typed not in _OF_DEFINITIONS:
        return []
    groups = _of_which(rest[:1], _IDS_OF)
    either = " or ".join(f"`ivigcalc {group} {typed}`" for group in groups or _IDS_OF)
    first = groups[0] if len(groups) == 1 else ""
    return [f"give {either}", _command(f"{path} {first} {typed}", rest) if first else _help(path)]


def _of_which(names: Sequence[str], groups: Iterable[str]) -> list[str]:
    """The groups of definitions in which one of the names is an id."""
    from ivigcalc.library.place import shipped

    ids = [name.partition(":")[0] for name in names]
    return [group for group in groups if group in _IDS_OF and set(ids) & set(shipped(_IDS_OF[group]))]


def _no_option(
    option: str, path: str, context: Any, arguments: Sequence[str], known: Mapping[str, Callable[[], Any]]
) -> list[str]:
    command = path.removeprefix("ivigcalc").strip()
    name = option.partition("=")[0]
    whole = next((word for word in arguments if _SHORT.fullmatch(name) and f"-{word}" in _own_options(context)), name)
    name, lowered = whole, (f"-{whole}" if whole != name else name).lower()
    meant = OPTIONS.get(lowered, lowered)
    own = _own_options(context)
    said = f"error: No such option of {path}: {safe(name, TYPED)}"
    if meant in own:
        return [f"{said}; it is called {meant} here: try that", _renamed(arguments, name, meant) or _help(path)]
    if not command and (moved := _behind_the_command(arguments, name, meant, known)):
        return [f"{said}; write it behind the command", moved]
    instead = [row.option for row in FIELD.values() if row.instead_of and FIELD[row.instead_of].option == meant]
    if here := [option for option in instead if option in own]:
        return [f"{said}; it is called {here[0]} here: try that", _renamed(arguments, name, here[0]) or _help(path)]
    others = [other for other, made in known.items() if other != command and meant in _options_of(made())]
    takers = [other for other in others if " " not in command and _takes(known[other](), arguments[1:], name)]
    if takers or (others and not _begins_with_a_word(arguments[1:])):
        first = _renamed([takers[0], *arguments[1:]], name, meant) if takers and command else ""
        others = takers or others
        return [f"{said}; give it to {_listed(others)}", first or _help(f"ivigcalc {others[0]}")]
    if _SHORT.fullmatch(name) and (long := _long_of(name, arguments, context.command if context else None)):
        remedy = f"did you mean {' or '.join(long)}? write it in full"
        return [f"{said}; {remedy}", (_renamed(arguments, name, long[0]) if len(long) == 1 else "") or _help(path)]
    alike = nearest(name, own)
    clear = [one for one in alike if _one_slip(name, one)] or alike
    remedy = f"did you mean {', '.join(clear)}? try that, or see the help" if alike else "leave it out"
    first = _renamed(arguments, name, clear[0]) if len(clear) == 1 else ""
    return [f"{said}; {remedy}", first or _help(path)]


def _behind_the_command(arguments: Sequence[str], name: str, meant: str, known: Mapping[str, Callable[[], Any]]) -> str:
    """An option that stands before the command, behind it."""
    at = next((place for place, word in enumerate(arguments) if word in known), None)
    if at is None or meant not in _options_of(known[arguments[at]]()):
        return ""
    return _renamed([arguments[at], *arguments[:at], *arguments[at + 1 :]], name, meant)


def _takes(command: Any, words: Sequence[str], name: str) -> bool:
    """Whether a command has all the options of a line besides the one, and arguments if there is a word for one."""
    own = {option for param in getattr(command, "params", ()) for option in param.opts}
    options = {word.partition("=")[0] for word in words if word.startswith("-")} - {name}
    has_arguments = any(param.param_type_name == "argument" for param in getattr(command, "params", ()))
    return options <= own and has_arguments == _begins_with_a_word(words)


def _begins_with_a_word(words: Sequence[str]) -> bool:
    return bool(words) and not words[0].startswith("-")


def _long_of(name: str, arguments: Sequence[str], command: Any) -> list[str]:
    """The options that begin with the letter of a short one that there is not; its value may say which."""
    own = [option for option in _options_of(command) if option[2] == name[1]]
    value = next((after for word, after in pairwise(arguments) if word == name), None)
    by_value = [option for option in could_be(value, (), command) if option in own] if value else []
    return (by_value or own)[:3]


def _stray(said: str, path: str, command: Any, arguments: Sequence[str]) -> list[str]:
    """What is said of words that stand behind no option: two words of one value, or values by themselves."""
    depth = len(path.split()) - 1
    rest, text = list(arguments[depth:]), said.partition(" (")[2].removesuffix(")")
    own = _options_of(command)
    if dashed := [word for word in rest if f"--{word.lstrip(_DASHES)}" in own and word[:1] in _DASHES]:
        line = [f"--{word.lstrip(_DASHES)}" if word in dashed else word for word in rest]
        shown = safe(dashed[0], TYPED)
        return [f"error: '{shown}' begins with a dash of a printed page: write two hyphens", _command(path, line)]
    mended, values = joined(rest, command)
    if values:
        shown = " and ".join(f"'{safe(value, TYPED)}'" for value in values[:3])
        what = f"error: {shown}: read as several words; put quotes around words with blanks"
        return [what, _command(path, mended) or _help(path)]
    stray = [text] if text in rest else text.split()
    found = [could_be(word, rest, command) or [name for name in own if name == "--text"] for word in stray]
    first = ""
    if all(len(options) == 1 for options in found) and set(stray) <= set(rest) and "--" not in rest:
        for word, options in zip(stray, found, strict=True):
            rest.insert(rest.index(word), options[0])
        first = _command(path, rest)
    examples = [f"{option} {safe(stray[0], TYPED)}" for option in found[0][:3]]
    return [
        f"error: '{safe(text, TYPED)}' belongs to no option: write its option before it"
        f"{', as ' if examples else ''}{' or '.join(examples)}; put quotes around words with blanks",
        first or _help(path),
    ]


def _renamed(arguments: Sequence[str], name: str, option: str) -> str:
    """The command line with another option in place of one that there is not."""
    words = [option + word.removeprefix(name) if word.partition("=")[0] == name else word for word in arguments]
    return _command("ivigcalc", words)


def _one_slip(typed: str, word: str) -> bool:
    """Whether one letter is missing, too many or another, or two have changed places."""
    begun = _alike(typed, word)
    ended = _alike(typed[begun:][::-1], word[begun:][::-1])
    one, other = (text[begun : len(text) - ended] for text in (typed, word))
    return max(len(one), len(other)) == 1 or (len(one) == 2 and one == other[::-1])


def _alike(one: str, other: str) -> int:
    """How many letters two words begin with that are the same."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _tries(found: list[list[str]]) -> str:
    """The command lines to try, each on its own line; none where one is too long to be read."""
    tries = [_command("ivigcalc", words) for words in found]
    return "\n".join([*tries[:1], *(line.replace("try", "or", 1) for line in tries[1:])]) if all(tries) else ""


def _listed(commands: list[str]) -> str:
    return " or ".join(f"`ivigcalc {command}`" for command in commands[:3])


def _own_options(context: Any) -> list[str]:
    return _options_of(context.command) if context is not None else []


def _options_of(command: Any) -> list[str]:
    return [name for param in getattr(command, "params", ()) for name in param.opts if name.startswith("--")]


def _command(path: str, words: Sequence[str]) -> str:
    """The command line as it is to be typed, where it is short enough to be read."""
    line = shlex.join([*path.split(), *words])
    return f"try: {line}" if words and len(line) <= _LONGEST_LINE and line.isprintable() else ""


def _example(option: str, command: Any) -> str:
    """`--weight WEIGHT`."""
    params = [param for param in getattr(command, "params", ()) if option in param.opts]
    return f"{option} {params[0].metavar or 'TEXT'}" if params else option


def _invalid(said: str, arguments: Sequence[str]) -> tuple[str, list[list[str]]]:
    """What is wrong with the value of an option, with what is allowed, and the command lines to try."""
    found = _INVALID.fullmatch(said)
    if found is None:
        return f"{said}; allowed: what the help says", []
    option, why = found[1], found[3]
    typed = next((after for word, after in pairwise(arguments) if word in (option, found[2])), "")
    word, between, choices = why.partition(" is not one of ")
    if between:
        allowed = choices.replace("'", "")
        meant = near(word.strip("'"), allowed.split(", "))
        why = f"{option}: {word} is not one of the choices; {meant}allowed: {allowed}"
        return why, again(option.removeprefix("--"), why, arguments)
    allowed = "a whole number" if "integer" in why else "what the help says"
    for says, words in _BOUNDS.items():
        if says in why:
            allowed = f"{words} {why.rpartition(' ')[2]}"
            break
    return f"{option}: '{safe(typed, TYPED)}' is not possible; allowed: {allowed}", []


def _room(error: DefinitionError, arguments: Sequence[str]) -> str:
    """Which of the commands looks at the file: by the option that it was named with."""
    file = error.problems[0].file if error.problems else ""
    for option, word in pairwise(arguments):
        if option in _ROOMS and (word == file or word.endswith(file)):
            return _ROOMS[option]
    return (
        arguments[0] if arguments[:1] and arguments[0] in _ROOMS.values() else "sites" if "site" in file else "regimens"
    )
