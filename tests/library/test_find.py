"""What a name stands for: one definition, or those that it could be; and a file of one's own."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import helpers
import pytest

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.errors import DefinitionError, RequestError
from ivigcalc.library.check import check

# ---- names -----------------------------------------------------------------------------------------------------------


def test_a_name_that_several_products_have_is_not_guessed(refuses: Callable[..., str]) -> None:
    said = refuses(2, "dose", "-r", "dermatomyositis", "-p", "privigen", "--weight", "72kg")
    assert "privigen-au, privigen-ca, privigen-eu, privigen-hk, privigen-nz, privigen-us" in said


def test_a_misspelt_product_is_not_guessed(refuses: Callable[..., str]) -> None:
    assert "did you mean octagam-10-us" in refuses(
        2, "dose", "-r", "dermatomyositis", "-p", "octagam-10-uss", "--weight", "72kg"
    )


def test_a_product_of_several_countries_lists_them() -> None:
    with pytest.raises(RequestError, match=r"choose one: .*privigen-eu.*privigen-us"):
        helpers.plan("dermatomyositis", "privigen", "70 kg")


def test_a_product_of_one_country_may_leave_it_out() -> None:
    got = helpers.plan("cidp:us-label-gamunex-c", "gamunex-c", "70 kg")
    assert got.computed_from.product.value.id == "gamunex-c-us"


# ---- files -----------------------------------------------------------------------------------------------------------


TODAY = datetime.now().astimezone().date()


def test_reference_folder_is_inside_the_package_or_beside_it() -> None:
    assert library.root().is_dir()
    assert Path(library.shipped("regimen")["dermatomyositis"]).is_relative_to(library.root())


def test_an_own_file_that_was_edited_is_read_again(tmp_path: Path) -> None:
    """A process that runs for days must not keep an outdated dose."""
    own = tmp_path / "own.yaml"
    text = library.shipped("regimen")["dermatomyositis"].read_text(encoding="utf-8")
    own.write_text(text, encoding="utf-8")
    before = library.load("regimen", str(own))
    assert library.load("regimen", str(own)) is before
    own.write_text(text.replace("title: Dermatomyositis", "title: Dermatomyositis (ours)", 1), encoding="utf-8")
    assert library.load("regimen", str(own)).value.title == "Dermatomyositis (ours)"
    assert library.load("regimen", str(own)).sha256 != before.sha256
    own.unlink()
    with pytest.raises(DefinitionError, match="cannot be read"):
        library.load("regimen", str(own))


def test_a_policy_of_ones_own_with_an_unknown_formula_is_told_as_check_tells_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = library.shipped("policy")["au-lifeblood-2026"].read_text(encoding="utf-8")
    own = tmp_path / "au-lifeblood-2026.yaml"
    own.write_text(text.replace("ideal: devine-inches", "ideal: devine"), encoding="utf-8")
    line = next(n for n, found in enumerate(text.splitlines(), start=1) if "ideal: devine-inches" in found)
    with pytest.raises(DefinitionError) as caught:
        library.policy(str(own))
    told = f"{own}:{line}: dosing_weight.ideal: there is no formula 'devine'; allowed: devine-inches"
    assert [str(problem) for problem in check([own], "policy", TODAY).problems] == [told]
    assert str(caught.value) == told
    order = ["dose", "-r", "dermatomyositis", "--product", "octagam-10-us", "--weight", "72kg", "--policy", str(own)]
    assert main(order) == 3
    assert told in capfd.readouterr().err
