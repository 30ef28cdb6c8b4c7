"""Which site file is in force: `--site`, the variable IVIGCALC_SITE, or the user's configuration folder."""

from __future__ import annotations

import os
from pathlib import Path

from ivigcalc import library
from ivigcalc.ask import NO_SITE_LOADED
from ivigcalc.definitions import Loaded, Site

VARIABLE = "IVIGCALC_SITE"


def find_site(given: str | None) -> Loaded[Site]:
    """The site to plan for; without one nothing is assumed about hours, holidays, stock or prices."""
    if given is not None:
        return library.site(given)
    if os.environ.get(VARIABLE):
        return library.site(os.environ[VARIABLE])
    own = user_site()
    return library.site(str(own)) if own.is_file() else NO_SITE_LOADED


def user_site() -> Path:
    """Where a user's own site file is looked for."""
    from platformdirs import user_config_path

    return user_config_path("ivigcalc") / "site.yaml"
