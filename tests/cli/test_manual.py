"""The manual page and the completions that the wheel installs are those of the commands as they are."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
SHARE = ROOT / "share"


def generator() -> Any:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        spec = importlib.util.spec_from_file_location("build_manual", ROOT / "docs" / "build_manual.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "docs"))
    return module


BUILD = generator()
FILES = BUILD.files()
PAGE = SHARE / "man" / "man1" / "ivigcalc.1"


@pytest.mark.parametrize("path", FILES)
def test_what_is_installed_is_what_would_be_generated(path: str) -> None:
    assert (SHARE / path).read_text(encoding="utf-8") == FILES[path], "run: make docs"


def test_nothing_else_is_installed_there() -> None:
    assert sorted(path.relative_to(SHARE).as_posix() for path in SHARE.rglob("*") if path.is_file()) == sorted(FILES)


def shown() -> str:
    """The page as groff sets it, and no warning."""
    if shutil.which("groff") is None:
        pytest.skip("no groff here")
    command = ["groff", "-man", "-ww", "-Tascii", "-P-c", "-P-b", "-P-u", "-rHY=0", "-rLL=400n", str(PAGE)]
    done = subprocess.run(command, capture_output=True, encoding="ascii", check=True)
    assert done.stderr == ""
    return done.stdout


def test_the_page_names_every_command_and_option_and_is_set_without_a_warning() -> None:
    page = shown()
    for name, command in BUILD.commands().items():
        begins = page.index(f"   {name}\n")
        part = page[begins : page.find("Example:", begins)]
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                assert parameter.param_type_name == "argument" or option in part, (name, option)
    assert "5ft9in or 5'9\"." in page
    assert "       4      refused for a clinical reason\n" in page


def test_the_page_passes_the_check_of_mandoc() -> None:
    if shutil.which("mandoc") is None:
        pytest.skip("no mandoc here")
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True, encoding="utf-8", check=False
    )
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []


# ---- the completions, in the shells -----------------------------------------------------------------------------------

SCRIPTS = {
    "bash": """
source {share}/bash-completion/completions/ivigcalc
COMP_WORDS=({line}) COMP_CWORD=3
_ivigcalc_completion ivigcalc
echo "${{COMPREPLY[@]}}"
""",
    "fish": """
source {share}/fish/vendor_completions.d/ivigcalc.fish
complete --do-complete "{line}"
""",
    "zsh": """
fpath=({share}/zsh/site-functions $fpath)
autoload -U compinit
compinit -D -u
[[ ${{_comps[ivigcalc]}} == _ivigcalc ]] || exit 1
_arguments() {{ print -r -- "$@" }}
_describe() {{ print -r -- "$@" ${{(P)2}} ${{(P)3}} }}
compadd() {{ print -r -- "$@" }}
words=({line}) CURRENT=4
_ivigcalc
""",
}


@pytest.mark.parametrize(
    ("line", "word", "text"),
    [
        ("ivigcalc dose -r dermatomyos", "dermatomyositis", ""),
        ("ivigcalc batch list.csv --max", "--max-errors", "Stop when more rows than this failed; nothing is written."),
        ("ivigcalc dose --format jso", "json", ""),
        ("ivigcalc regimens show --no-c", "--no-color", "No colour."),
    ],
)
@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_shell_that_finds_the_file_completes_a_line(
    shell: str, line: str, word: str, text: str, tmp_path: Path
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    program = tmp_path / "ivigcalc"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ivigcalc "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    script = SCRIPTS[shell].format(share=SHARE, line=line)
    command = [shell, "-c", script] if shell != "zsh" else [shell, "-f", "-c", script]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert word in done.stdout, done
    assert shell == "bash" or text in done.stdout, done
