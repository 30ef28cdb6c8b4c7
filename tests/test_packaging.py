"""What is handed out beside the wheel is whole: who unpacks the source can run its tests."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires

import pytest
import yaml
from documents import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "part",
    ["SAFETY.md", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "mkdocs.yml", "constraints.txt", "hatch_build.py", "ivigcalc", "regimens", "share", "tests", "docs", "bench", "fuzz", "release", "changes", ".ci"],
)  # fmt: skip
def test_what_the_tests_read_is_in_the_source_archive(part: str) -> None:
    assert part in PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert (ROOT / part).exists()


def test_it_is_said_where_it_runs() -> None:
    """Windows is played by `test_windows.py`, and has not been run."""
    systems = [name for name in PROJECT["project"]["classifiers"] if name.startswith("Operating System")]
    assert systems == ["Operating System :: POSIX"]


def test_windows_which_has_no_list_of_zones_gets_one() -> None:
    assert [name for name in PROJECT["project"]["dependencies"] if name.startswith("tzdata") and "win32" in name]


def test_the_tests_that_mutation_runs_are_there() -> None:
    named = re.findall(r'"(tests/[a-z_/.]+)"', (ROOT / "fuzz" / "mutation.py").read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_a_change_is_told_in_a_file_of_a_kind_that_the_changelog_knows() -> None:
    kinds = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}
    told = [path for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    assert [path.name for path in told if not re.fullmatch(rf"\+[a-z0-9-]+\.({'|'.join(kinds)})\.md", path.name)] == []
    assert PROJECT["tool"]["towncrier"]["start_string"] in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    readme = (ROOT / "changes" / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z]+)` \|", readme, re.MULTILINE)) == kinds


def test_what_runs_before_a_commit_is_part_of_what_ci_runs_and_comes_from_here() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    assert {hook["entry"] for hook in hooks["repos"][0]["hooks"]} == {"make quick", "make type"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    needs = dict(re.findall(r"^([a-z]+): ([a-z ]+?) *##", makefile, re.MULTILINE))
    assert needs["check"].split() == ["test", "lint", "type", "smoke"]
    assert (needs["test"], needs["quick"]) == ("fast", "lint")
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").endswith("\nexec make check\n")


def test_the_build_is_given_all_that_preparing_the_definitions_loads() -> None:
    """A build runs in an environment of its own, which has what `build-system` names and nothing else."""
    code = (
        "import sys; before = set(sys.modules); from ivigcalc.library.prepared import encoded, write;"
        "from ivigcalc.library.place import shipped; from ivigcalc.library.reader import load_bytes;"
        "path = next(iter(shipped('policy').values()));"
        "encoded(load_bytes(path.read_bytes(), str(path), 'policy').value);"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, cwd=ROOT
    ).stdout
    names = [re.split(r"[<>=]", requirement)[0] for requirement in PROJECT["build-system"]["requires"]]
    given = {distribution for name in names for distribution in with_its_own(name)}
    needed = {
        distribution
        for module in loaded.split()
        for distribution in packages_distributions().get(module, ())
        if distribution != "ivigcalc"
    }
    assert {canonical(name) for name in needed} <= given


def with_its_own(name: str) -> Iterator[str]:
    """A distribution and all that it needs."""
    yield canonical(name)
    for requirement in requires(name) or ():
        if ";" not in requirement:
            yield from with_its_own(re.split(r"[<>=!~\[; ]", requirement)[0])


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
