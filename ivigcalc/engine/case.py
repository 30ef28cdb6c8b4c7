"""What one run gathers on its way: who is asked about, the weights, the rate limits, and the notices so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from ivigcalc.definitions import Loaded, LoadedPolicy, Product, Protocol, Regimen, Safety, Site
from ivigcalc.engine import checks, schedule
from ivigcalc.engine.plan import Infusion, Notice
from ivigcalc.engine.titration import Ceilings, Climb, TableChoice
from ivigcalc.engine.weight import Weights, dosing_weight
from ivigcalc.errors import RefusedError
from ivigcalc.memo import remembered
from ivigcalc.request.request import Request


@dataclass(slots=True)
class Job:
    """What one run gathers on its way."""

    asked: checks.Asked
    policy: LoadedPolicy
    site: Loaded[Site]
    weights: Weights
    rate_weight_kg: Fraction
    limits: Ceilings
    notices: list[Notice] = field(default_factory=list)
    defaults_used: tuple[str, ...] = ()
    tables: list[TableChoice] = field(default_factory=list)
    course_dates: tuple[schedule.CourseDates, ...] = ()
    climbs: dict[int, Climb] = field(default_factory=dict)
    infusions: dict[tuple[int, int], Infusion] = field(default_factory=dict)


def start_job(
    request: Request, regimen: Loaded[Regimen] | None, protocol: Protocol | None, product: Loaded[Product],
    policy: LoadedPolicy, site: Loaded[Site], safety: Loaded[Safety],
) -> Job:  # fmt: skip
    """The patient's own checks and weights. Refuses a policy that cannot be computed."""
    rules = policy.policy.value
    if not rules.computable or rules.dosing_weight is None:
        raise RefusedError(
            "policy-incomplete", f"policy {rules.id} cannot be computed: {'; '.join(rules.missing)}", overridable=False
        )
    patient = request.patient
    implausible = list(checks.plausibility(patient, request, safety))
    checks.stop_now(implausible, request.order)
    age = patient.age_months(request.reference_date)
    formula = policy.formula.value if policy.formula else None
    weights = dosing_weight(patient, age, rules.dosing_weight, formula, rules.id)
    asked = checks.Asked(request, regimen, protocol, product, safety, weights.kg)
    limits = _ceilings(site.value, bool(patient.risks))
    rate_weight = weights.kg if rules.rate_weight == "dosing" else weights.actual_kg
    job = Job(asked, policy, site, weights, rate_weight, limits, implausible, request.defaults_used)
    job.notices += [Notice("default-used", "info", text) for text in (*request.defaults_used, *weights.assumed)]
    job.notices += checks.contraindications(asked)
    job.notices += checks.stale_weight(asked)
    job.notices += checks.weight_policy(policy, weights)
    job.notices += checks.dosing_weight(patient, request, weights, safety)
    return job


@remembered(64)
def _ceilings(site: Site, at_risk: bool) -> Ceilings:
    return Ceilings(
        at_risk=at_risk,
        increment_ml_per_h=site.pump.increment.base,
        pump_ml_per_h=site.pump.maximum.base,
        site_ml_per_h=site.rate_maximum.base if site.rate_maximum else None,
    )
