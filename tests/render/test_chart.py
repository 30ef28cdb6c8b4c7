from __future__ import annotations

import re
import struct
import sys
from typing import Any
from xml.etree import ElementTree

import helpers
import pytest
from msgspec.structs import replace

from ivigcalc.engine.plan import Notice
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.quantity import plain
from ivigcalc.render.paper.chart import chart_data, chart_page, in_words, to_png, to_svg
from ivigcalc.render.plot import plot_text
from ivigcalc.render.times import moment

from . import papers

SVG = "{http://www.w3.org/2000/svg}"


def test_svg_is_one_drawing_and_the_same_every_time() -> None:
    drawn = to_svg(papers.dermatomyositis())
    root = ElementTree.fromstring(drawn)
    assert root.tag == f"{SVG}svg"
    assert not root.findall(f".//{SVG}image")
    assert drawn == to_svg(papers.dermatomyositis())


def test_svg_needs_no_font_where_it_is_shown() -> None:
    root = ElementTree.fromstring(to_svg(papers.dermatomyositis()))
    assert not root.findall(f".//{SVG}text")


def test_svg_is_read_aloud_in_words_whatever_they_hold() -> None:
    plan = papers.dermatomyositis()
    source = plan.computed_from
    value = source.product.value.model_copy(update={"title": "<b>&</title>"})
    hostile = replace(plan, computed_from=replace(source, product=replace(source.product, value=value)))
    root = ElementTree.fromstring(to_svg(hostile))
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Dermatomyositis, course 1, day 1: 72 g <b>&</title>, 72 kg"
    assert "10:00: 172.8 mL/h; 13:48: end." in (root.findtext(f"{SVG}desc") or "")


def test_clocks_of_other_days_say_so_with_and_without_a_date() -> None:
    # 22:00 and 4 h 48 min; 45 min before 00:30
    undated = helpers.rates("octagam-10-us", "dermatomyositis", "72kg", "72g", at="22:00").sessions[0]
    dated = papers.overnight().sessions[0]
    assert [moment(session, 288) for session in (undated, dated)] == ["02:48 +1 d"] * 2
    assert in_words(undated).endswith("23:00: 172.8 mL/h; 02:48 +1 d: end.")
    early = papers.dermatomyositis(at="00:30", courses="1", site=papers.clinic(open={})).sessions[0]
    assert moment(early, -45) == "23:45 -1 d"
    assert moment(early, 0) == "00:30"
    assert moment(papers.undated().sessions[0], 288) == "+4:48"


def test_svg_line_has_one_level_for_each_step() -> None:
    """The strong line: heights in the proportion 43.2 : 86.4 : 172.8, widths in that of 30 : 30 : 227.5 minutes."""
    corners = strong_line(to_svg(papers.dermatomyositis()))
    assert len(corners) == 8
    xs, ys = zip(*corners, strict=True)
    base, top, end = ys[0], min(ys), xs[-1]
    levels = [(base - y) / (base - top) for y in ys]
    assert levels == pytest.approx([0, 0.25, 0.25, 0.5, 0.5, 1, 1, 0], abs=1e-6)
    minutes = [(x - xs[0]) / (end - xs[0]) * 287.5 for x in xs]
    assert minutes == pytest.approx([0, 0, 30, 30, 60, 60, 287.5, 287.5], abs=1e-3)


def strong_line(drawn: bytes) -> list[tuple[float, float]]:
    """The corners of the one open path with the thickest pen."""
    root = ElementTree.fromstring(drawn)
    paths = [path for path in root.iter(f"{SVG}path") if path.get("stroke-width") == "1.3"]
    assert len(paths) == 1
    x = y = 0.0
    corners: list[tuple[float, float]] = []
    for kind, numbers in re.findall(r"([MLHVmlhv])([^A-Za-z]*)", paths[0].get("d", "")):
        values = [float(n) for n in re.findall(r"-?[\d.]+(?:e-?\d+)?", numbers)]
        if kind in "ML":
            x, y = values
        elif kind in "ml":
            x, y = x + values[0], y + values[1]
        elif kind in "Hh":
            x = values[0] if kind == "H" else x + values[0]
        else:
            y = values[0] if kind == "V" else y + values[0]
        corners.append((x, y))
    return corners[1:]  # without the corner that every path of the drawing starts from


def test_png_is_a_picture_of_the_chart() -> None:
    drawn = to_png(papers.one_infusion())
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", drawn[16:24])
    assert width == 1280  # 480 points at 192 dots per inch
    assert 400 < height < 900
    assert drawn == to_png(papers.one_infusion())


@pytest.mark.parametrize("make", [papers.dermatomyositis, papers.twelve_rungs, papers.one_infusion, papers.overnight])
def test_chart_is_drawn_from_the_figures_of_the_plan(make: Any) -> None:
    for session in make().sessions:
        data = chart_data(session)
        assert data is not None
        assert [step["rate"] for step in data["steps"]] == [plain(step.rate_ml_per_h) for step in session.steps]
        assert [step["from"] for step in data["steps"]] == [plain(step.from_start_min) for step in session.steps]
        assert [bottle["bottle"] for bottle in data["bottles"]] == [str(b.bottle) for b in session.bottles]
        assert data["minutes"] == plain(session.infusion.minutes)
        for step in data["steps"]:
            assert f"{step['at']}: {step['rate']} mL/h" in data["words"]


def test_chart_alone_names_session_dose_product_weight_and_the_check() -> None:
    page = chart_page(papers.dermatomyositis(), 3)
    assert page["title"] == "Dermatomyositis, course 2, day 2: 72 g Octagam 10%, 72 kg"
    assert page["check"] == "Results must be checked by a qualified person before use."


def test_chart_alone_carries_overridden_stops() -> None:
    plan = papers.twelve_rungs()
    assert "Reason given for overriding: Dr A. Example" in chart_page(plan, 0)["stops"][0]["text"]
    hostile = replace(plan, notices=(Notice("x", "stop", "#panic() ]", overridden_because="$"),))
    assert to_svg(hostile) != to_svg(plan)


@pytest.mark.parametrize("index", [-1, 4, 99])
def test_session_that_is_not_there_is_refused(index: int) -> None:
    with pytest.raises(RequestError, match="the plan has 4 sessions"):
        to_svg(papers.dermatomyositis(), index)


@pytest.mark.parametrize("draw", [to_svg, to_png, lambda plan: plot_text(plan, 80)])
def test_no_rates_no_chart(draw: Any) -> None:
    with pytest.raises(RequestError, match="no rates to draw"):
        draw(papers.without_rates())


PLOT = """\
                    Rate, mL/h: course 1, day 1, 72 g
     +-----------------------------------------------------------------+
     |                                                                 |
172.8+             ####################################################|
     |             #                                                  #|
     |             #                                                  #|
     |             #                                                  #|
     |             #                                                  #|
 86.4+       #######                                                  #|
     |       #                                                        #|
 43.2+########                                                        #|
     |#                                                               #|
     |#                                                               #|
    0+#                                                               #|
     ++------+-----+--------------------------------------------------++
      09:00 09:30 10:00                                           13:48
"""


def test_plot_in_plain_characters() -> None:
    # 72 kg x 0.6, 1.2 and 2.4 mL/kg/h; 30 and 30 of 288 minutes
    assert plot_text(papers.dermatomyositis(), 72, ascii_only=True) == PLOT


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 160, 400])
@pytest.mark.parametrize("make", [papers.dermatomyositis, papers.twelve_rungs, papers.one_infusion, papers.overnight])
def test_plot_has_no_colour_keeps_its_width_and_its_highest_rate(make: Any, width: int) -> None:
    plan = make()
    text = plot_text(plan, width)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= max(40, min(width, 160))
    assert plain(plan.sessions[0].steps[-1].rate_ml_per_h) in text
    plot_text(plan, width, ascii_only=True).encode("ascii")
    session = plan.sessions[0]
    levels = set(re.findall(r"^ *(\S+)┤", text, re.MULTILINE))
    assert levels <= {"0", *(plain(step.rate_ml_per_h) for step in session.steps)}
    times = set(re.findall(r"\+?\d+:\d\d", text.splitlines()[-1]))
    if session.starts_at:
        assert times <= {session.ends_at[-5:], *(step.starts_at[-5:] for step in session.steps)}
    assert len(times) >= 2


def test_plot_leaves_nothing_behind() -> None:
    first = plot_text(papers.dermatomyositis(), 80)
    plot_text(papers.one_infusion(), 120)
    assert plot_text(papers.dermatomyositis(), 80) == first


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = papers.dermatomyositis()
    monkeypatch.setitem(sys.modules, "typst", None)
    monkeypatch.setitem(sys.modules, "plotext", None)
    with pytest.raises(MissingExtraError, match=r"SVG output needs an extra: pip install 'ivigcalc\[pdf\]'"):
        to_svg(plan)
    with pytest.raises(MissingExtraError, match=r"PNG output needs an extra: pip install 'ivigcalc\[pdf\]'"):
        to_png(plan)
    with pytest.raises(MissingExtraError, match=r"pip install 'ivigcalc\[plot\]'"):
        plot_text(plan, 80)
