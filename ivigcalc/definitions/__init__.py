"""The models of what definition files may say. Nothing here opens a file."""

from .block import Strict
from .condition import Condition
from .dose import Dose
from .fields import Range
from .infusion_time import CourseTime, InfusionTime
from .klass import ProductClass
from .loaded import NO_SITE_LOADED, Loaded, LoadedPolicy
from .policy import MEASURED_STEP_G, CeilingAtRisk, Policy, PolicyCeiling, Prefer, Rounding
from .product import Ceiling, PrintedRung, Product, RateTable, ml_per_kg_per_h
from .regimen import Days, Every, Limit, Phase, Population, Protocol, Regimen
from .safety import Safety
from .site import NO_SITE, Site
from .source import Cited, Definition, Source, cite
from .weight import DosingWeight, Formula, HeightLine

__all__ = [
    "MEASURED_STEP_G",
    "NO_SITE",
    "NO_SITE_LOADED",
    "Ceiling",
    "CeilingAtRisk",
    "Cited",
    "Condition",
    "CourseTime",
    "Days",
    "Definition",
    "Dose",
    "DosingWeight",
    "Every",
    "Formula",
    "HeightLine",
    "InfusionTime",
    "Limit",
    "Loaded",
    "LoadedPolicy",
    "Phase",
    "Policy",
    "PolicyCeiling",
    "Population",
    "Prefer",
    "PrintedRung",
    "Product",
    "ProductClass",
    "Protocol",
    "Range",
    "RateTable",
    "Regimen",
    "Rounding",
    "Safety",
    "Site",
    "Source",
    "Strict",
    "cite",
    "ml_per_kg_per_h",
]
