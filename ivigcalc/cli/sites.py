"""Which site file is in force: `--site`, the variable IVIGCALC_SITE, or the user's configuration folder."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ivigcalc.errors import RequestError
from ivigcalc.text import LONG, safe

if TYPE_CHECKING:
    from ivigcalc.definitions import Loaded, Site

VARIABLE = "IVIGCALC_SITE"


def find_site(given: str | None) -> Loaded[Site]:
    """The site to plan for; without one nothing is assumed about hours, holidays, stock or prices."""
    from ivigcalc import library
    from ivigcalc.definitions import NO_SITE_LOADED

    if given is not None:
        return library.site(given)
    if os.environ.get(VARIABLE):
        return library.site(os.environ[VARIABLE])
    own = user_site()
    return library.site(str(own)) if _is_there(own) else NO_SITE_LOADED


def _is_there(own: Path) -> bool:
    """A folder that may not be looked into is an error: the hours and limits of the clinic may be in it."""
    try:
        return stat.S_ISREG(own.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise RequestError(
            f"cannot look for a site file at {safe(str(own), LONG)}: {error.strerror}; "
            "name one with --site, or mend HOME or XDG_CONFIG_HOME",
            field="site",
        ) from None


def user_site() -> Path:
    """Where a user's own site file is looked for."""
    return _configuration() / "ivigcalc" / "site.yaml"


def _configuration() -> Path:
    """The folder that platformdirs names. Where it is plain, it is not asked: to load it takes longer than to plan."""
    named, home = (os.environ.get(variable, "") for variable in ("XDG_CONFIG_HOME", "HOME"))
    if sys.platform == "linux" and named.startswith("/"):
        return Path(named)
    if sys.platform == "linux" and home.startswith("/"):
        return Path(home, ".config")
    from platformdirs import user_config_path

    return user_config_path()
