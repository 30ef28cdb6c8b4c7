"""Where definitions come from: found by id or path, read strictly, checked and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivigcalc.lazy import hands_on

if TYPE_CHECKING:
    from ivigcalc.library.find import condition_of as condition_of
    from ivigcalc.library.find import formulas as formulas
    from ivigcalc.library.find import indication_of as indication_of
    from ivigcalc.library.find import load as load
    from ivigcalc.library.find import load_all as load_all
    from ivigcalc.library.find import no_formula as no_formula
    from ivigcalc.library.find import policy as policy
    from ivigcalc.library.find import product as product
    from ivigcalc.library.find import product_class as product_class
    from ivigcalc.library.find import regimen as regimen
    from ivigcalc.library.find import regimen_of_use as regimen_of_use
    from ivigcalc.library.find import resolve as resolve
    from ivigcalc.library.find import safety as safety
    from ivigcalc.library.find import site as site
    from ivigcalc.library.place import FOLDERS as FOLDERS
    from ivigcalc.library.place import root as root
    from ivigcalc.library.place import shipped as shipped

__getattr__, __dir__ = hands_on(
    __name__,
    {
        "root": "place",
        "shipped": "place",
        "load": "find",
        "load_all": "find",
        "resolve": "find",
        "regimen": "find",
        "regimen_of_use": "find",
        "product": "find",
        "product_class": "find",
        "policy": "find",
        "site": "find",
        "safety": "find",
        "indication_of": "find",
        "condition_of": "find",
        "formulas": "find",
        "no_formula": "find",
        "FOLDERS": "place",
    },
)
