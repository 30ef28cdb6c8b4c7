"""From which vials the sessions of a plan are drawn, and how far the stock of the site goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, groupby, repeat

from ivigcalc.definitions import Product, Site
from ivigcalc.engine.vials import Choice, choose_from_shelf, vial_set
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import figure

#: what a session is drawn from where nobody prints the vial sizes
NO_VIALS = Choice((), Fraction(0))

#: vials of each day of a course
CourseVials = tuple[Choice, ...]


def choose_vials(
    product: Product, site: Site, courses: Sequence[tuple[Fraction, ...]], taken: Mapping[Fraction, int] | None = None
) -> tuple[tuple[CourseVials, ...], int | None]:
    """Vials of each day of each course (`courses`: the grams of their days), and from which course the stock is short.

    `taken`: what others took before, by vial size in g.

    All sessions of a plan share the stock that the site lists. Where what is left does not reach for a course, it and
    those after it are drawn from the stock as it is listed: it must be filled up before. Raises `RefusedError`
    (`stock-short`) where a full stock does not reach for one course.
    """
    if not product.vials:
        return tuple((NO_VIALS,) * len(days) for days in courses), None
    listed = site.shelf(product.id)
    if listed is None:
        sizes = vial_set(tuple(size.base for size in product.vials))
        alike = [(tuple(map(sizes.choose, days)), len(list(same))) for days, same in groupby(courses)]
        return tuple(chain.from_iterable(repeat(vials, count) for vials, count in alike)), None
    _must_exist(listed, product, site)
    return _from_stock(listed, product, site, courses, taken or {})


def _must_exist(listed: dict[Fraction, int], product: Product, site: Site) -> None:
    unknown = [size for size in listed if size not in {vial.base for vial in product.vials}]
    if unknown:
        raise RequestError(
            f"site {site.id} lists {product.id} vials of {figure(unknown[0])} g, which do not exist: correct the "
            "stock of the file",
            field="site",
        )


def _from_stock(
    listed: dict[Fraction, int],
    product: Product,
    site: Site,
    courses: Sequence[tuple[Fraction, ...]],
    taken: Mapping[Fraction, int],
) -> tuple[tuple[CourseVials, ...], int | None]:
    found: list[CourseVials] = []
    left, short_from = {size: max(count - taken.get(size, 0), 0) for size, count in listed.items()}, None
    for number, days in enumerate(courses, start=1):
        drawn = _draw(days, left)  # control: stock-of-the-plan
        if isinstance(drawn, int):
            short_from = short_from or number
            left = dict(listed)
            drawn = _draw(days, left)
        if isinstance(drawn, int):
            raise RefusedError(
                "stock-short",
                f"the stock of site {site.id} does not hold the {figure(days[drawn])} g of {product.id} "
                f"for day {drawn + 1}: {_needed_and_held(days, listed, product)}; restock or choose another product",
                overridable=False,
            )
        found.append(drawn)
    return tuple(found), short_from


def _needed_and_held(days: tuple[Fraction, ...], listed: dict[Fraction, int], product: Product) -> str:
    """What a course would take of the sizes that are listed, and how many of each are there."""
    sizes = tuple(size for size, count in listed.items() if count) or tuple(vial.base for vial in product.vials)
    needed = vials_of([vial_set(sizes).choose(grams) for grams in days])
    every = sorted({*needed, *(size for size, count in listed.items() if count)}, reverse=True)
    return "; ".join(f"{needed.get(size, 0)} of {figure(size)} g needed, {listed.get(size, 0)} held" for size in every)


def _draw(days: tuple[Fraction, ...], left: dict[Fraction, int]) -> CourseVials | int:
    """The vials of a course, taken from what is left; the place of the first day for which it does not suffice."""
    found: list[Choice] = []
    for place, grams in enumerate(days):
        choice = choose_from_shelf(grams, left)
        if choice is None:
            return place
        for size, count in choice.vials:
            left[size] -= count
        found.append(choice)
    return tuple(found)


def vials_of(choices: Sequence[Choice]) -> dict[Fraction, int]:
    """Vial size in g -> how many, over all these choices; larger first."""
    found: dict[Fraction, int] = {}
    for choice, same in groupby(choices):
        times = len(list(same))
        for size, count in choice.vials:
            found[size] = found.get(size, 0) + count * times
    return dict(sorted(found.items(), reverse=True))
