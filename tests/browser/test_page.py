# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page in a real browser: filters, search, keyboard, print, dark mode, and a picture of it at 56 and at 6,200 agents.

Pictures are left in ``tests/output/browser``. Without a Chromium these tests are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.render.html import html
from tests.browser.chromium import Chromium, find
from tests.browser.reports import complex_report, large_report, simple_report

PICTURES = Path(__file__).resolve().parents[1] / "output" / "browser"
pytestmark = [
    pytest.mark.skipif(find() is None, reason="no Chromium found; install one or name it in CHROMIUM"),
    pytest.mark.xdist_group("browser"),
]
STATUS = "document.getElementById('status').textContent"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """One browser for all tests of this file."""
    with Chromium(str(find())) as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages under test as files."""
    folder = tmp_path_factory.mktemp("pages")
    reports = {"simple-56": simple_report(), "complex": complex_report(), "agents-6200": large_report()}
    found = {}
    for name, report in reports.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(html(report), encoding="utf-8")
    return found


def visible(browser: Chromium, selector: str) -> int:
    """How many elements of a kind can be seen."""
    found: int = browser.run(
        f"[...document.querySelectorAll('{selector}')].filter(e => e.getClientRects().length).length"
    )
    return found


@pytest.mark.parametrize("name", ["simple-56", "complex", "agents-6200"])
def test_the_page_loads_without_network_and_without_complaint(
    browser: Chromium, pages: dict[str, Path], name: str
) -> None:
    browser.open(pages[name])
    asked = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    assert all(url.startswith("file:") for url in asked), asked
    complaints = [e for e in browser.events if e.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown")]
    assert complaints == []
    assert browser.run("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"
    data = browser.screenshot(PICTURES / f"{name}.png")
    whole = browser.screenshot(PICTURES / f"{name}-whole.png", whole=True)
    assert data.startswith(b"\x89PNG") and len(whole) > len(data) > 20_000


def test_clicking_an_outcome_leaves_only_its_findings(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["complex"])
    everything = visible(browser, "[data-item=finding]")
    steps = visible(browser, "[data-item=step]")
    outcome = browser.run("document.querySelector('button[data-choose]').getAttribute('data-choose')")
    browser.click(f"button[data-choose={outcome}]")
    left = visible(browser, "[data-item=finding]")
    assert 0 < left < everything
    assert left == visible(browser, f"[data-item=finding][data-outcome={outcome}]")
    assert visible(browser, "[data-item=step]") == steps
    assert browser.run(f"document.querySelector('button[data-choose={outcome}]').ariaPressed") == "true"
    assert f"{left} of {everything} findings" in browser.run(STATUS)
    browser.run("document.getElementById('findings').scrollIntoView()")
    browser.screenshot(PICTURES / "filtered-by-outcome.png")
    browser.click(f"button[data-choose={outcome}]")
    assert visible(browser, "[data-item=finding]") == everything


def choose(browser: Chromium, name: str, text: str) -> None:
    """Choose an entry of a list as a user would see it change."""
    browser.run(
        f"(function () {{ var s = document.getElementById('{name}');"
        f" s.value = [...s.options].find(o => o.textContent === '{text}').value;"
        " s.dispatchEvent(new Event('change')); })()"
    )


def test_choosing_a_machine_and_a_phase_leaves_what_concerns_them(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["complex"])
    everything = visible(browser, "[data-item=step]")
    choose(browser, "host", "TSMS2")
    by_host = visible(browser, "[data-item=step]")
    assert 0 < by_host < everything
    assert visible(browser, "[data-item=machine]") == 1
    choose(browser, "phase", "Management group")
    assert visible(browser, "[data-item=step]") == 1
    assert visible(browser, "section.phase") == 1
    browser.run("document.getElementById('machines').scrollIntoView()")
    browser.screenshot(PICTURES / "filtered-by-machine.png")
    browser.click("#reset")
    assert visible(browser, "[data-item=step]") == everything


def test_search_by_keyboard(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["complex"])
    everything = visible(browser, "[data-item=step]")
    browser.key("/", 191, "/")
    assert browser.run("document.activeElement.id") == "search"
    browser.type("encryption key")
    found = visible(browser, "[data-item=step]")
    assert 0 < found < everything
    browser.key("Escape", 27)
    assert visible(browser, "[data-item=step]") == everything
    browser.type("nothing has this name")
    assert visible(browser, "[data-item=step]") == 0
    assert "0 of" in browser.run(STATUS)


def test_every_control_has_a_name_and_every_picture_a_description(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["complex"])
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    nameless = [
        node["role"]["value"]
        for node in nodes
        if not node.get("ignored")
        and node["role"]["value"] in ("button", "combobox", "searchbox", "link", "image", "img", "navigation", "search")
        and not node.get("name", {}).get("value")
    ]
    assert nameless == []
    assert browser.run("[...document.querySelectorAll('svg[role=img]')].every(s => s.querySelector('title').textContent"
                       " && s.querySelector('desc').textContent)")  # fmt: skip
    assert browser.run(
        "[...document.querySelectorAll('table')].every(t => t.querySelectorAll('thead th[scope=col]').length)"
    )
    assert browser.run("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size"
                       " === document.querySelectorAll('[id]').length"), "an id occurs twice"  # fmt: skip
    assert browser.run("[...document.querySelectorAll('a[href^=\"#\"]')].every(a =>"
                       " document.getElementById(decodeURIComponent(a.hash.slice(1))))"), "a link leads nowhere"  # fmt: skip


def contrast(browser: Chromium, selector: str) -> float:
    """Contrast of text against the first opaque background behind it, as WCAG counts it."""
    found: float = browser.run(
        """(function (query) {
          function parts(text) { return text.match(/[\\d.]+/g).map(Number); }
          function light(c) { var v = c.slice(0, 3).map(function (x) { x /= 255;
            return x <= 0.03928 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4); });
            return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; }
          return Math.min.apply(null, [...document.querySelectorAll(query)].filter(e => e.getClientRects().length).map(e => {
            var back = e;
            while (back) { var c = parts(getComputedStyle(back).backgroundColor); if (c.length < 4 || c[3] > 0) { break; }
              back = back.parentElement; }
            var a = light(parts(getComputedStyle(e).color)), b = light(parts(getComputedStyle(back || document.body).backgroundColor));
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }));
        })"""
        + f"('{selector}')"
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(browser: Chromium, pages: dict[str, Path], scheme: str) -> None:
    browser.open(pages["complex"], prefers_color_scheme=scheme)
    for selector in (".tag", ".grade", ".why", "p", "th", "td", "a", "button", ".verdict", ".figures dt", ".figures small",
                     ".strip span", ".more", "summary"):  # fmt: skip
        assert contrast(browser, selector) >= 4.5, f"{selector} in {scheme}"
    browser.screenshot(PICTURES / f"complex-{scheme}.png")


def test_on_paper_everything_is_unfolded_and_controls_are_gone(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["complex"])
    data = browser.pdf()
    assert data.startswith(b"%PDF")
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / "complex.pdf").write_bytes(data)
    browser.call("Emulation.setEmulatedMedia", media="print")
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert visible(browser, "details:not([open])") == 0
    assert visible(browser, ".toolbar, .filters") == 0
    assert visible(browser, "[data-item=step]") > 0
    assert visible(browser, "svg .bar .bar-box") > 20, "the timeline has no bars"
    browser.screenshot(PICTURES / "complex-print.png", whole=True)
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    browser.call("Emulation.setEmulatedMedia", media="")


def test_on_paper_nothing_is_cut_off(browser: Chromium, pages: dict[str, Path]) -> None:
    """As wide as the text of an A4 page: no table runs out of its frame, and the numbers of lists stand inside the page."""
    browser.open(pages["complex"], width=695, height=1000)
    browser.call("Emulation.setEmulatedMedia", media="print")
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    try:
        wide = browser.run(
            "[...document.querySelectorAll('td, th')].filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)"
            ".map(e => e.textContent.slice(0, 60))"
        )
        assert wide == []
        narrow = browser.run(
            "[...document.querySelectorAll('ol li')].filter(e => { const style = getComputedStyle(e.parentElement);"
            " const number = e.value || [...e.parentElement.children].indexOf(e) + 1;"
            " return !e.closest('.strip') && parseFloat(style.paddingLeft)"
            " < (String(number).length + 1) * 0.62 * parseFloat(getComputedStyle(e).fontSize); }).length"
        )
        assert narrow == 0
    finally:
        browser.run("window.dispatchEvent(new Event('afterprint'))")
        browser.call("Emulation.setEmulatedMedia", media="")


def test_work_by_hand_is_marked_wherever_a_step_stands(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["complex"])
    lines = "[...document.querySelectorAll('tr[data-item=step]')]"
    marked = browser.run(f"{lines}.filter(e => e.querySelector('.tag.is-hand')).length")
    assert marked == browser.run(f"{lines}.filter(e => e.cells[3].textContent === 'by hand').length") > 10
    assert visible(browser, "#timeline ~ figure .bar.is-hand") == marked
    assert visible(browser, "svg .node.is-hand") == marked - 1, "a phase of one step, the group upgrade, has no picture"
    assert visible(browser, "table.who td.hand li") == marked
    browser.run("document.getElementById('who').scrollIntoView()")
    browser.screenshot(PICTURES / "complex-who.png")


def test_without_script_everything_is_there(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["complex"])
    everything = visible(browser, "[data-item]")
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(pages["complex"])
        root = browser.call("DOM.getDocument")["root"]["nodeId"]
        found = browser.call("DOM.querySelectorAll", nodeId=root, selector="[data-item]:not([hidden])")["nodeIds"]
        assert len(found) >= everything
        hidden = browser.call("DOM.querySelectorAll", nodeId=root, selector=".filters[hidden]")["nodeIds"]
        assert len(hidden) == 1
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_on_a_small_screen_nothing_runs_over_the_edge(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["complex"], width=400, height=800)
    wide = browser.run(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > window.innerWidth + 1"
        " && !e.closest('.scroll, figure')).map(e => e.tagName + '.' + e.className)"
    )
    assert wide == []
    assert browser.run("document.documentElement.scrollWidth <= window.innerWidth")
    browser.screenshot(PICTURES / "complex-small.png")
