"""What axe-core finds on the pages: nothing serious, at the width of a desk and of a phone, by day and by night."""

from pathlib import Path

import pytest

from tests.browser.world import administrator, fill

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (1440, 390)
THEMES = ("light", "dark")
NOT_THERE = {"nothing", "quote-lost-link"}
"""Pages that answer 404, of which the browser complains."""
FINDINGS = """
    async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
        .filter((one) => ["serious", "critical"].includes(one.impact))
        .map((one) => one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))
"""


def findings(page, path):
    found = []
    page.goto(path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.evaluate(AXE.read_text())
            found += [f"{path} {width} {theme} {one}" for one in page.evaluate(FINDINGS)]
    return found


def test_no_page_keeps_anybody_out(page, desk, log_in):
    if not AXE.exists():
        pytest.skip("axe-core is not installed; run make install")
    found = findings(page, "/log-in")
    paths = fill(desk)
    log_in(administrator())
    for name, path in paths.items():
        if name not in NOT_THERE:
            found += findings(page, path)

    assert not found, "\n".join(found)
