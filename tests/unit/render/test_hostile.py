# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever a name holds, it is text in every format: markup, quotes, control characters, direction overrides."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ansible_collections.scom.upgrade.plugins.module_utils.render.html import html
from ansible_collections.scom.upgrade.plugins.module_utils.render.junit import junit
from ansible_collections.scom.upgrade.plugins.module_utils.render.markdown import markdown
from ansible_collections.scom.upgrade.plugins.module_utils.render.safe import clean, el
from ansible_collections.scom.upgrade.plugins.module_utils.render.safe import markdown as md
from ansible_collections.scom.upgrade.plugins.module_utils.render.sarif import sarif
from ansible_collections.scom.upgrade.plugins.module_utils.render.script import SCRIPT
from ansible_collections.scom.upgrade.plugins.module_utils.render.style import STYLE
from ansible_collections.scom.upgrade.plugins.module_utils.render.text import text
from tests.unit.render.sample import COMPLEX_WHY, finding, plan_of, step

PIECES = [
    "<script>alert(1)</script>", "</script>", "</style>", "</svg>", "</title>", "]]>", "<![CDATA[", "<!--", "-->", "<?x?>",
    "|", "||", "`", "``", "\\", "\n", "\r", "\t", "\x00", "\x1b[31m", "\x85", "\u2028", "\u202e", "\u200b", "\ud800", "\ufffe",
    "&amp;", "&#x3c;", "&lt", '"', "'", '" onload="x', "' onclick='x", "](http://x.test)", "![i](x)", "[a](b)", "**", "__", "~~",
    "# ", "1. ", "- ", "> ", "+ ", "---", "===", "| a |", "https://x.test", "www.x.test", "a@x.test", "javascript:x", "$x$",
    "{{ 7*7 }}", "{% x %}", "日本", "é", "🙂", "=1+1", "\U000e0041", "'; Remove-Item C:\\ -Recurse #", "    ",
]  # fmt: skip
HOSTILE = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), min_size=1, max_size=5).map("".join)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SVG = {"svg", "title", "desc", "g", "rect", "line", "text", "path", "circle"}
TAGS = SVG | set(
    "html head meta style body a p h1 h2 h3 header main nav div dl dt dd small section ul ol li b em strong span code table "
    "caption thead tbody tr th td figure figcaption details summary button label select option input fieldset legend article "
    "footer script br".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class id href scope colspan role aria-label aria-labelledby aria-live aria-pressed "
    "type value placeholder autocomplete hidden data-item data-outcome data-phases data-hosts data-holds data-choose viewbox "
    "width height x y rx x1 y1 x2 y2 d cx cy r text-anchor".split()
)


def hostile_report(name: str, other: str) -> dict[str, Any]:
    """A report in which everything that can come from facts is hostile."""
    why = [
        *COMPLEX_WHY,
        {"rule": name, "text": other, "fact": name, "value": other, "evidence": name, "source": other},
        name,
    ]
    steps = [
        step("prepare.x", "server.join", name, [name, other], 5, why=why, undo=other, done_when=[name, other]),
        step(f"management_group.{name}", "group.upgrade", other, [name], 5, requires=["prepare.x", other], undo=name,
             reversibility="point_of_no_return", downtime=True, parameters={name: other, "agents": [name, other]}),
        *[step(f"prepare.{n}", "agent.upgrade", name, [f"{n}{other}"], 1, mode=name, state=other) for n in range(5)],
    ]  # fmt: skip
    steps[-1]["phase"] = name
    plan = plan_of(steps, management_group=name, run_from=other, retire=[name, other], hash=other, path=other,
                   inputs={name: other})  # fmt: skip
    found = [
        finding("R07", "block", name, message=other, remedy=name, source=other, evidence=name, repair={"title": other},
                affected={"columns": [name, other], "rows": [[name, other], [other, None], [name, 5, other], other]}),
        finding("R09", "warn", other, waived={"owner": name, "reason": other, "expires": name}),
        finding(name, other, name, impact=other),
        finding("R10", "pass", name, message=other),
    ]  # fmt: skip
    rejected = [{"path": name, "why": [other, {"text": name, "source": other}]}]
    return {
        "plan": plan, "path": {
            "path": other,
            "why": why,
            "rejected": rejected,
            "run_from_why": why,
            "replacements": [{"machine": name, "roles": [other], "by": other, "new": True, "why": why}],
            "blockers": [{"text": name, "remedy": other}],
        }, "findings": found, "generated": name,
        "approval": {"by": name, "time": other, "hash": name},
        "journal": [{"time": name, "event": other, "step": name, "host": other, "by": name, "data": {name: other}}],
    }  # fmt: skip


class Watcher(HTMLParser):
    """Notes every element and attribute of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.inside = ""
        self.raw: dict[str, str] = {"script": "", "style": ""}
        self.depth: list[str] = []
        self.unbalanced: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, value in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "br", "input"):
            self.depth.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.depth or self.depth.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if self.depth and self.depth[-1] in self.raw:
            self.raw[self.depth[-1]] += data

    def handle_comment(self, data: str) -> None:
        self.unbalanced.append(f"comment {data}")

    def handle_pi(self, data: str) -> None:
        self.unbalanced.append(f"instruction {data}")

    def unknown_decl(self, data: str) -> None:
        self.unbalanced.append(f"declaration {data}")


def check_page(page: str) -> None:
    watcher = Watcher()
    watcher.feed(page)
    watcher.close()
    assert watcher.tags <= TAGS, watcher.tags - TAGS
    assert watcher.attributes <= ATTRIBUTES, watcher.attributes - ATTRIBUTES
    assert not watcher.unbalanced and not watcher.depth
    assert all(re.fullmatch(r"#[A-Za-z0-9._-]+", link) for link in watcher.links)
    assert watcher.raw == {"script": SCRIPT, "style": STYLE}
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        found = {one.tag for one in ElementTree.fromstring(drawing).iter()}
        assert found <= SVG, found - SVG
    page.encode("utf-8")


@QUICK
@given(HOSTILE, HOSTILE)
def test_html_and_svg(name: str, other: str) -> None:
    check_page(html(hostile_report(name, other)))


@QUICK
@given(HOSTILE, HOSTILE)
def test_junit(name: str, other: str) -> None:
    tree = ElementTree.fromstring(junit(hostile_report(name, other)).encode("utf-8"))
    tags = {one.tag for one in tree.iter()}
    assert tags <= {
        "testsuites",
        "testsuite",
        "properties",
        "property",
        "testcase",
        "failure",
        "error",
        "skipped",
        "system-out",
    }
    suite = tree.find("testsuite")
    assert suite is not None and suite.attrib["name"] == f"readiness of {clean(name or '?')}"
    assert len(suite.findall("testcase")) == 4 + 1  # the obstacle


@QUICK
@given(HOSTILE, HOSTILE)
def test_sarif(name: str, other: str) -> None:
    said = sarif(hostile_report(name, other), artifact=name)
    (run,) = json.loads(said)["runs"]
    assert said.isascii()
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", run["artifacts"][0]["location"]["uri"])
    assert len(run["results"]) == 4 + 1  # the obstacle


@QUICK
@given(HOSTILE, HOSTILE)
def test_text(name: str, other: str) -> None:
    said = text(hostile_report(name, other), 80)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\ud800-\udfff]", said)
    assert max(map(len, said.split("\n"))) <= 80


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(source: str) -> tuple[list[str], list[tuple[int, int]]]:
    """The elements that a Markdown text becomes, and the cells of the rows of each table: (head, row)."""
    page = MARKDOWN.render(source)
    tags = re.findall(r"<([a-z0-9]+)", page)
    rows = []
    for table in re.findall(r"<table>.*?</table>", page, re.DOTALL):
        head = table.count("<th>") + table.count("<th ")
        rows += [
            (head, row.count("<td>") + row.count("<td ")) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)[1:]
        ]
    return tags, rows


@QUICK
@given(HOSTILE, HOSTILE)
def test_markdown(name: str, other: str) -> None:
    source = markdown(hostile_report(name, other))
    tags, rows = shown(source)
    assert set(tags) <= {
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "strong",
        "code",
    }
    assert all(head == cells for head, cells in rows)
    assert not re.search(r"(?i)(?<!\\)\b(https?://|www\.)", source)


@QUICK
@given(HOSTILE)
def test_markdown_shows_the_name_itself(name: str) -> None:
    page = MARKDOWN.render("x " + md(name))
    assert re.sub(r"<[^>]*>", "", page).strip().count("<") == 0
    plain = ElementTree.fromstring(page.strip().encode("utf-8"))
    assert "".join(plain.itertext()).split() == ("x " + clean(name)).split()


@pytest.mark.parametrize("attribute", ["onclick", "ONLOAD", 'x"y', "a b", ""])
def test_no_attribute_can_be_a_handler_or_end_another(attribute: str) -> None:
    with pytest.raises(ValueError):
        el("p", **{attribute: "x"})


def test_only_built_markup_is_markup() -> None:
    assert el("p", "<b>", None, 5, ["&", el("i", "x")], title='"') == '<p title="&quot;">&lt;b&gt;5&amp;<i>x</i></p>'
