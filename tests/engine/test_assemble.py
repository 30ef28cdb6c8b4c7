"""The finished plan says what it was computed from."""

import json
import re
from collections.abc import Callable
from typing import Any

DM = ("-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "71.3kg", "--age", "54y")
SCHEDULE = ("schedule", *DM, "--start", "2026-12-01", "--at", "09:00", "--courses", "2")


def test_a_plan_says_what_it_was_computed_from(run: Callable[..., Any]) -> None:
    source = json.loads(run(*SCHEDULE, "-f", "json").out)["computed_from"]
    assert source["request"]["weight"] == "71.3 kg"
    assert source["request"]["height"] is None
    said = source["defaults_used"]
    assert [text.partition(" not given: ")[0] for text in said] == ["policy", "protocol"]
    assert said[0] == "policy not given: actual-weight is the program's default"
    for kind, identifier in (
        ("regimen", "dermatomyositis"),
        ("product", "octagam-10-us"),
        ("policy", "actual-weight"),
        ("safety", "defaults"),
    ):
        assert source[kind]["id"] == identifier
        assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", source[kind]["version"])
        assert re.fullmatch(r"[0-9a-f]{64}", source[kind]["sha256"])
    page = " ".join(run(*SCHEDULE, "--notes").out.split())
    assert f"octagam-10-us {source['product']['version']} {source['product']['sha256'][:8]}" in page
    assert "default-used: policy not given" in page
