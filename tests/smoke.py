"""Build the wheel, install it bare (no dev dependencies, no extras) and run the main job from it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
ORDER = ["--regimen", "dermatomyositis", "--product", "octagam-10-us", "--weight", "72kg"]


def run(*command: str | Path, cwd: Path) -> str:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, check=True, capture_output=True, encoding="utf-8"
    ).stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        run(*pip, "wheel", "--no-deps", "--wheel-dir", scratch, ROOT, cwd=scratch)
        (wheel,) = scratch.glob("*.whl")
        venv.create(scratch / "bare", with_pip=True)
        python = scratch / "bare" / "bin" / "python"
        run(
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--constraint",
            ROOT / "constraints.txt",
            wheel,
            cwd=scratch,
        )
        program = scratch / "bare" / "bin" / "ivigcalc"
        plan = json.loads(run(program, "dose", *ORDER, "--format", "json", cwd=scratch))
        # 2 g/kg x 72 kg = 144 g on the fewest days that keep to 1 g/kg a day
        assert [session["dose_g"] for session in plan["sessions"]] == [72, 72], plan["sessions"]
        table = run(program, "schedule", *ORDER, "--start", "2026-12-01", "--at", "09:00", cwd=scratch)
        assert "2026-12-02" in table, table
        assert "172.8" in table, table
        held = "from ivigcalc.library import prepared, shipped, FOLDERS; "
        held += "print(all(prepared.load(path, kind) for kind in FOLDERS for path in shipped(kind).values()), "
        held += "'yaml' in __import__('sys').modules)"
        taken = run(python, "-c", held, cwd=scratch)
        assert taken == "True False\n", taken  # every definition as it was prepared, and nothing read again
        listed = json.loads(run(program, "products", "list", "--format", "json", cwd=scratch))
        assert len(listed) >= 42, len(listed)
    print("smoke: 1 passed, 0 failed")


if __name__ == "__main__":
    main()
