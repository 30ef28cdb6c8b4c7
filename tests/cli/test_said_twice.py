"""What is said twice, or cannot both be true, is refused: the last word is not taken in silence."""

import helpers
import pytest

from ivigcalc.cli.main import main
from ivigcalc.errors import RequestError

WHY = "what it means and what to do: ivigcalc explain said-twice"
ORDER = ["-r", "cidp", "-p", "privigen-us", "--age", "40y"]


@pytest.mark.parametrize(
    ("again", "option"),
    [
        (["--weight", "80kg"], "--weight"),
        (["--weight", "72kg"], "--weight"),  # alike, but nobody can tell which was to be corrected
        (["--weight=80kg"], "--weight"),
        (["--regimen", "dermatomyositis"], "--regimen"),
        (["--product", "octagam-10-us"], "--product"),
        (["-f", "json", "--format", "csv"], "--format"),
        (["--site", "a.yaml", "--site", "b.yaml"], "--site"),
        (["-o", "a.txt", "--output", "b.txt"], "--output"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_option_of_one_value_is_given_once(again: list[str], option: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["dose", *ORDER, "--weight", "72kg", *again]) == 2
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", f"error: {option} is given twice: give it once\n{WHY}\n")


@pytest.mark.parametrize("command", ["schedule", "calendar", "rates", "batch"])
def test_in_every_command_that_takes_an_order(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--product", "privigen-us", "--product", "octagam-10-us"]) == 2
    assert "--product is given twice" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["regimens", "list", "--country", "US", "--country", "CA"],
        ["policies", "list", "--computable", "--incomplete"],
    ],
    ids=" ".join,
)
def test_in_the_lists(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "given twice" in capfd.readouterr().err


def test_an_option_of_many_values_and_a_flag_may_be_repeated(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["dose", *ORDER, "--weight", "72kg", "--risk", "renal", "--risk", "thrombosis", "-q", "-q"]) == 0


@pytest.mark.parametrize(
    ("missing", "option", "instead"),
    [
        (["--patient-id", "--pregnant"], "--patient-id", "--pregnant"),  # as of a script whose variable is empty
        (["--name", "--risk=renal"], "--name", "--risk=renal"),
        (["--condition", "--pregnant"], "--condition", "--pregnant"),
        (["-o", "--pregnant"], "--output", "--pregnant"),
        (["-qo", "--pregnant"], "--output", "--pregnant"),
        (["--name", "-q"], "--name", "-q"),
        (["--height", "--age", "54y"], "--height", "--age"),
        (["--name", "--misspelt"], "--name", "--misspelt"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_option_is_not_the_value_of_another(
    missing: list[str], option: str, instead: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["dose", *ORDER, "--weight", "72kg", "--sex", "female", *missing]) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert f"{option} has no value: '{instead}' stands in its place; give it, or write {option}={instead}" in said.err


@pytest.mark.parametrize("meant", ["--name=--pregnant", "--name=-q", "--patient-id=-1", "--patient-id=--"])
def test_what_looks_like_an_option_can_be_a_value_that_is_written_so(
    meant: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["dose", *ORDER, "--weight", "72kg", meant, "-f", "json"]) == 0
    assert f'"{meant.partition("=")[2]}"' in capfd.readouterr().out


@pytest.mark.parametrize("command", ["replan a.json --missed 2026-12-01 --reason --stop", "batch rows.csv -o --retry"])
def test_nor_is_it_in_another_command(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(command.split()) == 2
    assert "has no value" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ({"pregnant": True}, "--pregnant"),
        ({"pre_pregnancy_weight": "70kg"}, "--pre-pregnancy-weight"),
        ({"pregnant": True, "pre_pregnancy_weight": "70kg"}, "--pregnant"),
    ],
    ids=str,
)
def test_a_man_is_not_pregnant(words: dict[str, object], option: str) -> None:
    with pytest.raises(RequestError, match=f"--sex male and {option} contradict each other") as caught:
        helpers.plan("cidp", "privigen-us", "72kg", age="40y", sex="male", **words)
    assert caught.value.code == "contradiction"


def test_a_woman_may_be_and_so_may_one_whose_sex_is_not_said() -> None:
    helpers.plan("cidp", "privigen-us", "72kg", age="40y", sex="female", pregnant=True)
    helpers.plan("cidp", "privigen-us", "72kg", age="40y", pregnant=True)
