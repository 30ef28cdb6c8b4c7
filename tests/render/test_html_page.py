"""Pages of tables: on paper no figure is parted from its unit, no row from itself, and the headings come again."""

from __future__ import annotations

import pytest

from ivigcalc.render.html_page import html_line, html_page, html_row, html_text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("6 x 30 g + 2 x 20 g", "6~x~30~g + 2~x~20~g"),
        ("-16.5 (-22.9 %)", "-16.5 (-22.9~%)"),
        ("43.2 mL/h for 30 min", "43.2~mL/h for 30~min"),
        ("10 mL/kg of body weight", "10~mL/kg of body weight"),
        ("2 days of 72 gloves", "2 days of 72 gloves"),
        ("us-seton 2 <b>", "us-seton 2 &lt;b&gt;"),
    ],
)
def test_a_figure_keeps_its_unit(text: str, kept: str) -> None:
    assert html_text(text).replace("\u00a0", "~") == kept
    assert html_line(text).replace("\u00a0", "~") == f"<p>{kept}</p>"
    assert html_row("td", [text]).replace("\u00a0", "~") == f"<tr><td>{kept}</td></tr>"


def test_headings_are_the_head_of_their_table_and_rows_are_whole() -> None:
    page = html_page("Changes", "", ["<table>", html_row("th", ["Was", "Now"]), html_row("td", ["1", "2"]), "</table>"])
    assert "<thead><tr><th>Was</th><th>Now</th></tr></thead>\n<tr><td>1</td>" in page
    assert "tr{break-inside:avoid}" in page
