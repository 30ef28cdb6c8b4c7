"""What is made when the wheel is built: the shipped definitions, read and checked once (`library/prepared.py`)."""

from __future__ import annotations

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Prepare(BuildHookInterface[Any]):
    """Reads every shipped definition by the full reader; a file that is wrong stops the build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Before the files of the wheel are gathered, and where it is installed to be edited as well."""
        sys.path.insert(0, self.root)
        from ivigcalc.library.prepared import write

        write()
