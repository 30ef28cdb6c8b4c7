"""Makes what is handed out (`release/make.py`), and starts it where there is nothing else: from the bundle, installed without
internet into a bare environment (no dev dependencies, no extras), and from the single file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "release"))
import make  # noqa: E402

ORDER = ["--regimen", "dermatomyositis", "--product", "octagam-10-us", "--weight", "72kg"]


def run(*command: str | Path, cwd: Path, path: str = "/usr/bin:/bin") -> str:
    """A command in an environment that knows nothing of this one."""
    bare = {"PATH": path, "HOME": str(cwd), "LC_ALL": "C.UTF-8"}
    words = [str(part) for part in command]
    return subprocess.run(words, cwd=cwd, env=bare, check=True, capture_output=True, encoding="utf-8").stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        out = scratch / "dist"
        make_all = [sys.executable, str(ROOT / "release" / "make.py"), "all", "--extras", "", "--out", str(out)]
        subprocess.run(make_all, check=True, stdout=subprocess.DEVNULL)
        [bundle], [single] = out.glob("*-bundle-*"), out.glob("*.pex")
        run("sha256sum", "--check", "--quiet", make.SUMS, cwd=out)
        is_said_what_is_inside(out, bundle)
        python = make.install(bundle, scratch / "bare")
        works(python.parent / "ivigcalc", scratch)
        is_prepared(python, scratch)
        for part in ("man/man1/ivigcalc.1", "bash-completion/completions/ivigcalc", "zsh/site-functions/_ivigcalc"):
            assert (scratch / "bare" / "share" / part).is_file(), part
        works(single, scratch, path=f"{Path(sys.executable).parent}:/usr/bin:/bin")
        is_refused_where_it_was_changed(bundle, scratch)
    print("smoke: 1 passed, 0 failed")


def works(program: Path, cwd: Path, **how: str) -> None:
    """The main jobs, with figures by hand."""
    plan = json.loads(run(program, "dose", *ORDER, "--format", "json", cwd=cwd, **how))
    # 2 g/kg x 72 kg = 144 g on the fewest days that keep to 1 g/kg a day
    assert [session["dose_g"] for session in plan["sessions"]] == [72, 72], plan["sessions"]
    table = run(program, "schedule", *ORDER, "--start", "2026-12-01", "--at", "09:00", cwd=cwd, **how)
    assert "2026-12-02" in table, table
    assert "172.8" in table, table
    listed = json.loads(run(program, "products", "list", "--format", "json", cwd=cwd, **how))
    assert len(listed) >= 42, len(listed)
    (cwd / "in.csv").write_text("patient_id,weight\na,72kg\nb,80kg\n", encoding="utf-8")
    run(
        program,
        "batch",
        "in.csv",
        *ORDER[:4],
        "--start",
        "2027-12-01",
        "--days",
        "2",
        "--jobs",
        "2",
        "--restart",
        "-o",
        "out",
        cwd=cwd,
        **how,
    )
    assert len((cwd / "out" / "sessions.csv").read_text(encoding="utf-8").splitlines()) == 5, "two patients, two days"


def is_prepared(python: Path, cwd: Path) -> None:
    """Every definition and the codes are taken as they were prepared, and nothing is read again."""
    held = "from ivigcalc.library import prepared, shipped, FOLDERS; from ivigcalc.codes import codes; codes(); "
    held += "print(all(prepared.load(path, kind) for kind in FOLDERS for path in shipped(kind).values()), "
    held += "{'yaml', 'tomllib'} & {*__import__('sys').modules})"
    taken = run(python, "-c", held, cwd=cwd)
    assert taken == "True set()\n", taken


def is_said_what_is_inside(out: Path, bundle: Path) -> None:
    """The SBOM lists what the bundle holds, and nothing else; the provenance has the hash of each file."""
    inside = json.loads(next(out.glob("*.cdx.json")).read_text(encoding="utf-8"))["components"]
    held = [re.split(r"[-_.]+", make.name_of(wheel)[0].lower()) for wheel in bundle.glob("*.whl")]
    listed = [re.split(r"[-_.]+", component["name"].lower()) for component in inside]
    assert sorted([*listed, ["ivigcalc"]]) == sorted(held), (listed, held)
    said = json.loads(next(out.glob("*.intoto.json")).read_text(encoding="utf-8"))
    hashes = {subject["name"]: subject["digest"]["sha256"] for subject in said["subject"]}
    assert hashes == {path.name: make.digest(path) for path in out.iterdir() if path.suffix in (".whl", ".gz", ".pex")}


def is_refused_where_it_was_changed(bundle: Path, scratch: Path) -> None:
    """One byte of one wheel: pip installs nothing."""
    wheel = next(bundle.glob("six-*.whl"))
    data = bytearray(wheel.read_bytes())
    data[len(data) // 2] ^= 1
    wheel.write_bytes(data)
    try:
        make.install(bundle, scratch / "changed")
        said = "installed"
    except SystemExit as refused:
        said = str(refused)
    assert "DO NOT MATCH THE HASHES" in said, said


if __name__ == "__main__":
    main()
