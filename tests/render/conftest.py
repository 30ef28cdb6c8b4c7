from __future__ import annotations

import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.render.paper.pdf import to_pdf

from . import papers


@pytest.fixture(scope="session")
def printed() -> papers.Printed:
    """Every plan on every paper, set once."""
    made = {make.__name__: make() for make in papers.ALL}
    return {(name, paper): (plan, to_pdf(plan, paper)) for name, plan in made.items() for paper in papers.PAPERS}


@pytest.fixture(scope="session")
def plan() -> Plan:
    """Two courses of two days."""
    return papers.dermatomyositis()
