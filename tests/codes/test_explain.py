"""`ivigcalc explain`: one code in full, all of them in a line each, and the nearest for a mistyped one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ivigcalc.cli.main import main
from ivigcalc.codes import codes


def explained(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["explain", *words]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def test_a_code_says_what_it_means_what_to_do_how_grave_it_is_and_for_whom(capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(capsys, "age-outside-regimen") == (
        "age-outside-regimen\n"
        "  The patient is outside the ages for which the protocol was published.\n"
        "  What to do: Choose one of the protocols that are named, with --regimen ID:PROTOCOL, or check the age.\n"
        '  It is no plan (exit 4) unless --override CODE="reason" is given, which stands on every output.\n'
        "  For: who prescribes and checks the order.\n"
    )


def test_a_code_of_two_kinds_says_both(capsys: pytest.CaptureFixture[str]) -> None:
    text = explained(capsys, "stock-short")
    assert text.index("It is a caution on the plan.") < text.index("It is no plan (exit 4), and no override.")


@pytest.mark.parametrize("code", codes())
def test_every_code_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = explained(capsys, code)
    assert text.startswith(f"{code}\n")
    assert codes()[code].means in text
    assert codes()[code].remedy in text


def test_without_a_code_all_are_listed_each_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = explained(capsys).splitlines()
    assert [line.split(": ")[0] for line in lines] == [*codes()]
    assert "rounded: The exact dose was rounded to amounts that can be given." in lines


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("pump-caped", "there is no code 'pump-caped'; did you mean pump-capped"),
        ("zzz", "there is no code 'zzz'; `ivigcalc explain` shows all"),
        ("a\x1b[31m", "there is no code 'a?[31m'"),
        ("x" * 99, f"there is no code '{'x' * 57}...'"),
    ],
)
def test_an_unknown_code_names_the_nearest(typed: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", typed]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"error: {says}")


# ---- where it is read -----------------------------------------------------------------------------------------------


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    script = ["bash", "-o", "pipefail", "-c", f"{sys.executable} -m ivigcalc {command}"]
    return subprocess.run(script, capture_output=True, env={**os.environ, **environment}, check=False)


def test_a_pipe_that_closes_early_is_no_error() -> None:
    done = shell("explain | head -1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == f"{next(iter(codes()))}: ".encode() + next(iter(codes().values())).means.encode() + b"\n"


@pytest.mark.parametrize("words", ["explain", "explain pump-capped"])
def test_it_is_the_same_in_every_locale(words: str) -> None:
    plain = shell(words, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (plain.returncode, plain.stderr) == (0, b"")
    assert plain.stdout == shell(words, PYTHONIOENCODING="utf-8").stdout
    assert plain.stdout.isascii()


# ---- where it is pointed to -----------------------------------------------------------------------------------------

ORDER = ["dose", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "70kg"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--age", "17y"], "ivigcalc explain age-outside-regimen"),
        (["--policy", "au-nba-bloodstar"], "ivigcalc explain policy-incomplete"),
        (["--age", "17y", "--days", "6"], "ivigcalc explain CODE"),
    ],
)
def test_a_refusal_says_how_its_code_is_looked_up(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ORDER, *words]) == 4
    assert capsys.readouterr().err.endswith(f"\nwhat it means and what to do: {told}\n")
