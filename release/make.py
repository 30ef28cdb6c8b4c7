"""Makes what is handed out, below dist/: `python release/make.py dist|bundle|single|all` (docs/release.md).

    dist    the source archive, and the wheel that is built from it
    bundle  a folder for a machine without internet: the wheel, all that it needs, the hashes, and how to install it
    single  one file that starts where there is Python, and installs nothing
    all     these, the list of all that is inside (SBOM), where it comes from (provenance), and the hashes of all

Equal commits give equal bytes, whenever and wherever they are built: times are those of the commit.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import venv
from hashlib import file_digest
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
#: what a ward prints
EXTRAS = "calendar,locale,pdf,html"
#: what is needed there alone, which pip does not see from another system
ON_WINDOWS = ("colorama", "tzdata")
TOOLS = ("build", "hatchling", "pex", "cyclonedx-bom", "pip")
SUMS = "SHA256SUMS"
INSTALL = """ivigcalc {version}, to be installed without internet, with Python {python} on {system}.

Copy this folder to the machine, open a terminal in it, and type

    {interpreter} -m venv ivigcalc
    {pip} install --no-index --find-links . --require-hashes -r requirements.txt
    {program} --version

pip refuses a file that is not as it was when this folder was made; `sha256sum --check SHA256SUMS` says the same.
The folder `ivigcalc` is all that was installed: to take it away, delete it.
"""


def main() -> None:
    """Make what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("dist", "bundle", "single", "all"))
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument("--extras", default=EXTRAS, help="of pyproject.toml, in bundle and single file; '' for none")
    parser.add_argument("--platform", metavar="TAG", help="the bundle for another system: win_amd64, ...")
    parser.add_argument("--python-version", metavar="3.X", help="... and its Python")
    parser.add_argument("--not-isolated", action="store_true", help="build with what this environment has")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    wheel = dist(asked.out, isolated=not asked.not_isolated)
    if asked.what != "dist":
        folder = bundle(wheel, asked.out, asked.extras, asked.platform, asked.python_version)
    if asked.what in ("single", "all"):
        single(folder, asked.out, asked.extras)
    if asked.what == "all":
        sbom(folder, asked.out)
        provenance(asked.out)
        sums(asked.out)
    for path in sorted(asked.out.iterdir()):
        print(path.relative_to(asked.out).as_posix())


def dist(out: Path, *, isolated: bool = True) -> Path:
    """Source archive and wheel; gives the wheel. Isolated: with what pyproject.toml names for it, and no more."""
    for old in (*out.glob("ivigcalc-*.whl"), *out.glob("ivigcalc-*.tar.gz")):
        old.unlink()
    how = () if isolated else ("--no-isolation", "--skip-dependency-check")
    run(sys.executable, "-m", "build", *how, "--outdir", out, ROOT)
    (wheel,) = out.glob("*.whl")
    return wheel


def bundle(wheel: Path, out: Path, extras: str = "", system: str | None = None, python: str | None = None) -> Path:
    """The folder for a machine without internet; gives it. Whoever installs from it compiles nothing."""
    version = python or platform.python_version().rpartition(".")[0]
    folder = out / f"{named(wheel)}-bundle-{system or f'{sys.platform}_{platform.machine()}'}-py{version}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    windows = (system or sys.platform).startswith("win")
    other = [*(("--platform", system) if system else ()), *(("--python-version", python) if python else ())]
    wanted = [f"{wheel}[{extras}]" if extras else wheel, *(ON_WINDOWS if windows else ())]
    pip("download", "--only-binary", ":all:", "--constraint", CONSTRAINTS, "--dest", folder, *other, *wanted)
    files = sorted(folder.glob("*.whl"))
    lines = [f"{name}=={number} --hash=sha256:{digest(file)}\n" for file in files for name, number in [name_of(file)]]
    write(folder / "requirements.txt", "".join(lines))
    places = (
        (f"py -{version}", r"ivigcalc\Scripts\python -m pip", r"ivigcalc\Scripts\ivigcalc")
        if windows
        else (f"python{version}", "ivigcalc/bin/pip", "ivigcalc/bin/ivigcalc")
    )
    words = dict(zip(("interpreter", "pip", "program"), places, strict=True))
    said = INSTALL.format(version=name_of(wheel)[1], python=version, system=system or platform.system(), **words)
    write(folder / "INSTALL.txt", said)
    sums(folder)
    return folder


def single(folder: Path, out: Path, extras: str = "") -> Path:
    """One file, made of the wheels of a bundle of this machine; gives it. It unpacks itself at its first start."""
    (wheel,) = folder.glob("ivigcalc-*.whl")
    file = out / f"{named(wheel)}.pex"
    wanted = f"ivigcalc[{extras}]" if extras else "ivigcalc"
    sources = ("--no-pypi", "--find-links", folder, "--no-build")
    started = ("--venv", "--sh-boot", "--console-script", "ivigcalc")  # ten times as fast as without
    run(sys.executable, "-m", "pex", *sources, *started, "--output-file", file, wanted)
    return file


def sbom(folder: Path, out: Path) -> Path:
    """CycloneDX: every package of an environment into which the bundle was installed, and nothing else."""
    (wheel,) = folder.glob("ivigcalc-*.whl")
    file = out / f"{named(wheel)}.cdx.json"
    with tempfile.TemporaryDirectory() as scratch:
        python = install(folder, Path(scratch) / "bare", with_pip=False)
        options = ("--output-reproducible", "--pyproject", ROOT / "pyproject.toml", "--output-file", file)
        run(sys.executable, "-m", "cyclonedx_py", "environment", *options, python)
    return file


def install(folder: Path, environment: Path, *, with_pip: bool = True) -> Path:
    """Install a bundle as its INSTALL.txt says, without internet; gives the interpreter."""
    venv.create(environment, with_pip=with_pip)
    python = environment / "bin" / "python"
    listed = ("--find-links", folder, "--require-hashes", "--requirement", folder / "requirements.txt")
    run(sys.executable, "-m", "pip", "--python", python, "-q", "install", "--no-index", *listed)
    return python


def provenance(out: Path) -> Path:
    """An in-toto statement (SLSA provenance 1): which files, of which commit, made with what. It is not signed."""
    made = [path for path in sorted(out.iterdir()) if path.is_file() and path.suffix in (".whl", ".gz", ".pex")]
    commit, changed = git("rev-parse", "HEAD"), git("status", "--porcelain", "--untracked-files=no")
    inputs: list[dict[str, Any]] = [{"uri": "git:ivigcalc", "digest": {"gitCommit": commit}}]
    inputs += [
        {"name": name, "digest": {"sha256": digest(ROOT / name)}} for name in ("pyproject.toml", "constraints.txt")
    ]
    inputs += [{"uri": f"pkg:pypi/{tool}@{metadata.version(tool)}"} for tool in TOOLS]
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": path.name, "digest": {"sha256": digest(path)}} for path in made],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:ivigcalc:make-release:1",
                "externalParameters": {"command": "make release", "commit": commit, "changedSince": bool(changed)},
                "internalParameters": {"SOURCE_DATE_EPOCH": environment()["SOURCE_DATE_EPOCH"]},
                "resolvedDependencies": inputs,
            },
            "runDetails": {
                "builder": {
                    "id": "urn:ivigcalc:builder:own-machine",
                    "version": {
                        "python": platform.python_version(),
                        "system": f"{platform.system()} {platform.machine()}",
                    },
                }
            },
        },
    }
    file = out / f"{named(next(path for path in made if path.suffix == '.whl'))}.intoto.json"
    write(file, json.dumps(statement, indent=2) + "\n")
    return file


# ---- small things ----------------------------------------------------------------------------------------------------


def sums(folder: Path) -> None:
    """The hash of every file of a folder, as `sha256sum --check` reads it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / SUMS]
    write(folder / SUMS, "".join(f"{digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files))


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def name_of(wheel: Path) -> tuple[str, str]:
    """Name and version, which begin the name of a wheel."""
    name, version = wheel.name.split("-")[:2]
    return name, version


def named(wheel: Path) -> str:
    return "-".join(name_of(wheel))


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, encoding="utf-8").stdout.strip()


def environment() -> dict[str, str]:
    """That times are those of the commit, and tools those of constraints.txt."""
    committed = os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct")
    return {**os.environ, "SOURCE_DATE_EPOCH": committed, "PIP_CONSTRAINT": str(CONSTRAINTS)}


def pip(*words: object) -> None:
    run(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words)


def run(*words: object) -> None:
    """A command that must succeed; what it says is shown where it does not."""
    command = [str(word) for word in words]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
