"""Runs the core tests (those of `make quick`) under each Python from 3.11 to 3.14 that is found: `make pythons`.

A Python is found as `python3.X` on the path, or where pyenv or uv keep theirs; nothing is fetched but packages. Each gets an
environment of its own in `.venv-pythons/`. Says for each version what came of it, and fails where a test failed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
#: what the core tests need beside the program
NEEDED = ("hypothesis", "jsonschema", "pytest", "pytest-xdist")


def main(tests: list[str]) -> int:
    """Try every version; `tests` are the words for pytest."""
    results = {version: tried(version, tests) for version in VERSIONS}
    for version, result in results.items():
        print(f"Python {version}: {result}")
    ended = results.values()
    print(
        f"pythons: {sum('passed' in said for said in ended)} passed, {sum('FAILED' in said for said in ended)} failed"
    )
    return int(any("FAILED" in said for said in ended))


def tried(version: str, tests: list[str]) -> str:
    """What came of one version, in words."""
    python = next(found(version), None)
    if python is None:
        return "not found here"
    folder = ROOT / ".venv-pythons" / version
    own = folder / "bin" / "python"
    full = run(python, "-c", "import platform; print(platform.python_version())").stdout.strip()
    install = (own, "-m", "pip", "install", "-q", "-c", "constraints.txt", "-e", ".[all]", *NEEDED)
    for command in ((python, "-m", "venv", "--clear", folder), install):
        done = run(*command)
        if done.returncode:
            return f"{full}: FAILED to install: {(done.stderr.strip().splitlines() or [''])[-1][:200]}"
    done = run(own, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", *tests)
    last = (done.stdout.strip().splitlines() or [done.stderr[-300:]])[-1]
    return f"{full}: {'passed' if done.returncode == 0 else 'FAILED'}: {last}"


def found(version: str) -> Iterator[str]:
    """Interpreters that are of this version and run, the path's first."""
    names = [shutil.which(f"python{version}")]
    names += sorted(map(str, (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")), reverse=True)
    if uv := shutil.which("uv"):
        names += run(uv, "python", "find", "--no-python-downloads", version).stdout.split()
    for name in filter(None, names):
        done = run(name, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])")
        if done.stdout.strip() == version:
            yield name


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
