"""Bad definition files, each with the words it must produce on the line where the mistake is.

In `tests/bad/*.yaml` a comment `# <- words && more words` stands on that line: one problem that has all of these words, nothing
else, and all problems of a file at once. A second ` <- ` on a line begins a second problem.
"""

import os
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest

from ivigcalc import library
from ivigcalc.errors import DefinitionError, Problem
from ivigcalc.library import reader as load
from ivigcalc.library.reader import load_bytes, load_file

BAD = Path(__file__).parent.parent / "bad"
GOOD = (Path(__file__).parent.parent / "own" / "any-course.yaml").read_bytes()
MARK = "  # <- "


class Expected(NamedTuple):
    """On this line, one problem that has all of these words in it."""

    line: int
    words: list[str]


def expectations(path: Path) -> list[Expected]:
    found = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if MARK in text:
            found.extend(Expected(number, words.split(" && ")) for words in text.split(MARK)[1].split(" <- "))
    return found


def problems_of(path: Path) -> list[Problem]:
    with pytest.raises(DefinitionError) as caught:
        load_file(path, *load.KINDS)
    assert caught.value.exit_code == 3
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return caught.value.problems


@pytest.mark.parametrize("path", [pytest.param(p, id=p.stem) for p in sorted(BAD.glob("*.yaml"))])
def test_bad_file_says_what_is_wrong_and_where(path: Path) -> None:
    expected = expectations(path)
    assert expected, "a bad file says what is expected of it"
    problems = problems_of(path)
    for line, words in expected:
        here = [str(p) for p in problems if p.line == line]
        assert any(all(word in text for word in words) for text in here), f"line {line}: {words}\n" + "\n".join(
            map(str, problems)
        )
    assert len(problems) == len(expected), "\n".join(map(str, problems))


@pytest.mark.parametrize("path", [pytest.param(p, id=p.stem) for p in sorted(BAD.glob("*.yaml"))])
def test_bad_file_is_told_as_file_line_key_message(path: Path) -> None:
    for problem in problems_of(path):
        assert str(problem).startswith(f"{path}:{problem.line}:")
        assert problem.line >= 1
        assert problem.message
        assert "\n" not in str(problem)
        assert "pydantic" not in str(problem)


def test_all_problems_come_in_the_order_of_the_file() -> None:
    lines = [problem.line for problem in problems_of(BAD / "everything-at-once.yaml")]
    assert lines == sorted(lines)
    assert len(set(lines)) >= 6


# ---- files that are no text at all --------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    [problem] = problems_of(path)
    assert str(problem).startswith(str(path))
    return str(problem)


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"kind: product\ntitle: Octagam 10 % f\xfcr Erwachsene\n")
    assert refusal(path) == f"{path}:2: is not UTF-8 text"


def test_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "wide.yaml"
    path.write_bytes("kind: product\n".encode("utf-16"))
    assert "is not UTF-8 text" in refusal(path)


def test_null_bytes(tmp_path: Path) -> None:
    path = tmp_path / "null.yaml"
    path.write_bytes(b"kind: product\ntitle: a\x00b\n")
    assert "is not valid YAML" in refusal(path)


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"# " + b"x" * (512 * 1024) + b"\n" + GOOD)
    assert refusal(path) == f"{path}: is larger than 512 KiB"


def test_as_large_as_allowed(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(GOOD + b"#" * (512 * 1024 - len(GOOD)))
    assert load_file(path, "regimen").value.id == "any-course"


def test_many_aliases_do_not_blow_up(tmp_path: Path) -> None:
    path = tmp_path / "laughs.yaml"
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    path.write_text("kind: product\n" + "\n".join(lines), encoding="utf-8")
    problems = problems_of(path)
    assert any("an alias (*) is not allowed" in p.message for p in problems)
    assert len(problems) <= 100


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only a comment\n", b"---\n", b"...\n"])
def test_empty_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.yaml"
    path.write_bytes(content)
    assert problems_of(path)[0].line >= 0


def test_directory(tmp_path: Path) -> None:
    assert refusal(tmp_path).endswith(("is not a regular file", "Is a directory"))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/stdin"])
def test_device(device: str) -> None:
    with pytest.raises(DefinitionError, match=r"is not a regular file|cannot be read"):
        load_file(Path(device), "product")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "is not a regular file" in refusal(tmp_path / "pipe.yaml")


def test_missing_file(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("name", ["a\x00b.yaml", "x" * 400 + ".yaml"])
def test_impossible_name(name: str) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        load_file(Path(name), "product")


def test_a_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_file(tmp_path / "a\x1b[31mred\nline.yaml", "product")
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_value_cannot_write_to_the_terminal() -> None:
    text = GOOD.replace(b"category: other", b'category: "\\e[31mred"')
    with pytest.raises(DefinitionError) as caught:
        load_bytes(text, "colour.yaml", "regimen")
    assert "\x1b" not in str(caught.value)


# ---- files that are right -----------------------------------------------------------------------------------------------


def test_wrong_kind_for_the_place() -> None:
    with pytest.raises(DefinitionError, match=r"kind: must say what the file is, not 'regimen'.*allowed: product"):
        load_bytes(GOOD, "regimen.yaml", "product")


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    assert (
        load_bytes(b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n"), "windows.yaml", "regimen").value.id == "any-course"
    )


def test_the_fingerprint_is_that_of_the_bytes() -> None:
    loaded = load_bytes(b"# one comment more\n" + GOOD, "own.yaml", "regimen")
    assert loaded.value == load_bytes(GOOD, "own.yaml", "regimen").value
    assert loaded.sha256 != load_bytes(GOOD, "own.yaml", "regimen").sha256
    assert len(loaded.sha256) == 64


def test_numbers_stay_as_they_are_written() -> None:
    text = GOOD.replace(b"dose: {per_course: 2 g/kg}", b"dose: {per_course: 2.10 g/kg}")
    [loading, _] = load_bytes(text, "own.yaml", "regimen").value.protocols["two-phases"].phases
    assert str(loading.dose.per_course.from_.value) == "2.10"


def test_what_a_site_says_is_read_to_the_minute_and_the_gram() -> None:
    text = b"""
kind: site
schema: 1
id: ward
open: {mon-wed: "00:00-24:00", sun: "08:00-23:59"}
stock: {octagam-10-us: {10000 mg: 4, 2.5 g: 1}}
visit: {arrival: 0.5 h, flush: 10 min}
"""
    site = load_bytes(text, "site.yaml", "site").value
    assert [site.hours_on(day) for day in (0, 2, 3, 6)] == [(0, 1440), (0, 1440), None, (480, 1439)]
    assert site.shelf("octagam-10-us") == {10: 4, Fraction("2.5"): 1}
    assert site.visit.arrival.base == 30
    assert site.model_dump()["open"] == {"mon-wed": "00:00-24:00", "sun": "08:00-23:59"}


@pytest.mark.parametrize("kind", sorted(library.FOLDERS))
def test_every_shipped_definition_loads(kind: str) -> None:
    identifiers = library.shipped(kind)
    assert identifiers
    for loaded in library.load_all(kind):
        assert loaded.value.id in identifiers, f"{loaded.name}: a file is named for its id"
