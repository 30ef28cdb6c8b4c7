"""A definition together with the fingerprint of the bytes that it came from."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from .block import Strict
from .policy import Policy
from .site import NO_SITE, Site
from .weight import Formula

_D = TypeVar("_D", bound=Strict)


class Loaded(Struct, Generic[_D], frozen=True):
    """A definition, the SHA-256 of its file, and the path of a hospital's own file."""

    value: _D
    sha256: str
    name: str
    is_file: bool = False


class LoadedPolicy(Struct, frozen=True):
    """A policy together with the weight formula that it names."""

    policy: Loaded[Policy]
    formula: Loaded[Formula] | None


NO_SITE_LOADED: Loaded[Site] = Loaded(NO_SITE, "", "")
