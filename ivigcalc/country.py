"""In which countries a licence or a guideline counts: the European Union's in each of its members."""

from __future__ import annotations

#: members of the European Union, and of the European Economic Area, where its licences hold as well
_UNION = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()  # noqa: SIM905
)
_ALSO_WRITTEN = {"GB": "UK", "USA": "US"}


def markets(country: str | None) -> tuple[str, ...]:
    """The countries of licence that count in a country, its own first; none where it is not known."""
    if country is None:
        return ()
    code = country.strip().upper()
    code = _ALSO_WRITTEN.get(code, code)
    return (code, "EU") if code in _UNION else (code,)
