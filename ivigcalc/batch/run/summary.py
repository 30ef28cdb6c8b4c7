"""The counts of a batch, for whoever reads its results."""

from __future__ import annotations

from typing import Any

from ivigcalc.batch.run.folder import Progress
from ivigcalc.batch.tables.answer import ROUNDED


def summary_of(progress: Progress) -> dict[str, Any]:
    """What `summary.json` says: rows, and how many plans there are of each regimen, product, policy and notice."""
    groups: dict[str, dict[str, int]] = {
        name: {} for name in ("regimen", "product", "policy", "overridden", "stop", "caution", "info")
    }
    for kind, count in sorted(progress.counts.items()):
        group, _, name = kind.partition("/")
        if group in groups:
            groups[group][name] = count
    rounded = progress.counts[ROUNDED]
    rows = {"rows": progress.rows, "planned": progress.planned, "failed": progress.failed, "rounded": rounded}
    return {**rows, "errors": dict(sorted(progress.errors.items())), **groups}
