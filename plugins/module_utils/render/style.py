# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The style sheet of the page: light and dark, screen and paper."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f7f9; --raised: #ffffff; --ink: #18212b; --soft: #55616e; --rule: #d8dfe6; --faint: #e9edf1;
  --accent: #1d5fa6; --accent-soft: #e4eef8;
  --good: #17734a; --good-soft: #e2f3ea; --warn: #8a5a00; --warn-soft: #fdf1d8; --bad: #b3261e; --bad-soft: #fce8e6;
  --hold: #5a3fa0; --hold-soft: #ece8f8; --none: #a3003f; --none-soft: #fde7ef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #11161c; --panel: #181f27; --raised: #1d252e; --ink: #e7ecf1; --soft: #9dabb9; --rule: #33404d; --faint: #232d37;
    --accent: #7db5ee; --accent-soft: #1b3048;
    --good: #6fcf9d; --good-soft: #16352a; --warn: #f0bd5c; --warn-soft: #3a2d10; --bad: #ff9a8f; --bad-soft: #43201d;
    --hold: #bba8f5; --hold-soft: #2c2547; --none: #ff8fb8; --none-soft: #431427;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 7.4rem; }
body {
  margin: 0; background: var(--paper); color: var(--ink); font-size: 15px; line-height: 1.5;
  font-family: "Segoe UI", "Source Sans 3", "Noto Sans", "Liberation Sans", "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
main, header.top, footer { max-width: 1184px; margin: 0 auto; padding: 0 32px; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; }
h1 { font-size: 2.1rem; margin: .1rem 0 .35rem; letter-spacing: -.015em; }
h2 { font-size: 1.42rem; margin: 3rem 0 .6rem; padding-top: .9rem; border-top: 2px solid var(--ink); letter-spacing: -.01em; }
h3 { font-size: 1.06rem; margin: 1.7rem 0 .5rem; }
p { margin: .4rem 0 .8rem; max-width: 78ch; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code { font: .86em ui-monospace, "Cascadia Mono", "Liberation Mono", Consolas, monospace; color: var(--soft); }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); z-index: 9; }
.over { text-transform: uppercase; letter-spacing: .09em; font-size: .76rem; font-weight: 600; color: var(--soft); }
header.top { padding-top: 2.6rem; }
header.top .sub { max-width: none; font-size: 1.08rem; color: var(--soft); margin: 0 0 1.2rem; }
.verdict { display: flex; gap: .8rem; align-items: baseline; padding: .75rem 1.1rem; border-radius: 8px; font-size: 1.08rem; }
.verdict strong { white-space: nowrap; letter-spacing: .04em; }
.verdict.is-blocked, .verdict.is-failed { background: var(--bad-soft); border-left: 6px solid var(--bad); }
.verdict.is-ready, .verdict.is-nothing { background: var(--good-soft); border-left: 6px solid var(--good); }
.verdict.is-hand { background: var(--hold-soft); border-left: 6px solid var(--hold); }
.verdict.is-unjudged, .verdict.is-what_if { background: var(--warn-soft); border-left: 6px solid var(--warn); }
.notes { list-style: none; margin: .7rem 0 0; padding: 0; } .notes li { margin: .3rem 0; }
.verdict.is-running { background: var(--accent-soft); border-left: 6px solid var(--accent); }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin: 1.1rem 0 0; padding: 0;
  border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; background: var(--raised); }
.figures div { box-shadow: 0 0 0 1px var(--rule); padding: .8rem 1rem .9rem; }
.figures dt { font-size: .8rem; color: var(--soft); }
.figures dd { margin: 0; font-size: 1.2rem; font-weight: 600; line-height: 1.3; }
.figures dd small { display: block; font-size: .82rem; font-weight: 400; color: var(--soft); margin-top: .15rem; }
.strip { display: flex; flex-wrap: wrap; gap: 6px; list-style: none; margin: 1rem 0 0; padding: 0; }
.strip li { flex: 1 1 96px; min-width: 96px; }
.strip a { display: block; height: 100%; padding: .5rem .6rem; border-radius: 6px; background: var(--panel); color: inherit;
  text-decoration: none; border-top: 4px solid var(--accent); font-size: .82rem; line-height: 1.3; }
.strip a:hover { background: var(--accent-soft); }
.strip b { display: block; } .strip span { color: var(--soft); }
.strip .is-done a { border-color: var(--good); } .strip .is-down a { border-color: var(--warn); }
.strip .is-pnr a { border-color: var(--none); background: var(--none-soft); } .strip .is-pnr em { color: var(--none); }
.strip em { display: block; font-style: normal; font-weight: 600; }
.toolbar { position: sticky; top: 0; z-index: 5; background: var(--paper); border-bottom: 1px solid var(--rule); margin-top: 1.6rem; }
.toolbar > div { max-width: 1184px; margin: 0 auto; padding: .45rem 32px 0; display: flex; flex-wrap: wrap; gap: .35rem .9rem;
  align-items: center; }
.toolbar > div:last-child { padding-bottom: .55rem; }
.toolbar nav { display: flex; flex-wrap: wrap; gap: .1rem .95rem; }
.toolbar a { color: var(--soft); text-decoration: none; font-size: .9rem; } .toolbar a:hover { color: var(--accent); }
.filters { font-size: .84rem; }
.outcomes { display: flex; flex-wrap: wrap; gap: .25rem; }
.outcomes b { font-weight: 600; }
input, select, button { font: inherit; font-size: .84rem; color: inherit; background: var(--raised); border: 1px solid var(--rule);
  border-radius: 6px; padding: .15rem .5rem; min-height: 1.85rem; max-width: 12rem; }
button { cursor: pointer; } button:hover { border-color: var(--accent); }
button[aria-pressed="true"] { background: var(--accent); border-color: var(--accent); color: var(--paper); }
input[type="search"] { width: 11rem; }
#status { font-size: .82rem; color: var(--soft); margin: 0; flex: 1 1 14rem; text-align: right; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; font-size: .92rem; }
caption { text-align: left; color: var(--soft); font-size: .86rem; padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .7rem .5rem 0; border-bottom: 1px solid var(--faint); }
thead th { font-size: .78rem; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--rule); white-space: nowrap; }
tbody th { font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; }
table.small { font-size: .86rem; width: auto; min-width: 50%; } table.small th, table.small td { padding: .25rem 1.2rem .25rem 0; }
.scroll { overflow-x: auto; }
.tag { display: inline-block; padding: .05rem .5rem; border-radius: 99px; font-size: .78rem; font-weight: 600; white-space: nowrap;
  background: var(--faint); color: var(--soft); }
.tag.is-done, .tag.is-pass, .tag.is-ready { background: var(--good-soft); color: var(--good); }
.tag.is-running, .tag.is-note { background: var(--accent-soft); color: var(--accent); }
.tag.is-failed, .tag.is-block, .tag.is-blocked, .tag.is-error { background: var(--bad-soft); color: var(--bad); }
.tag.is-warn, .tag.is-down { background: var(--warn-soft); color: var(--warn); }
.tag.is-manual, .tag.is-waived, .tag.is-hand { background: var(--hold-soft); color: var(--hold); }
.tag.is-pnr { background: var(--none); color: var(--paper); }
.grade { font-size: .8rem; color: var(--soft); white-space: nowrap; }
.why { color: var(--soft); font-size: .9rem; margin: .15rem 0 0; max-width: 70ch; }
ul.plain, ol.plain { margin: .3rem 0 .8rem; padding-left: 1.2rem; } ol.plain { padding-left: 2.1rem; }
ul.plain li { margin: .2rem 0; max-width: 80ch; }
td > ol.plain:only-child { margin-top: 0; } td > .plain { margin-bottom: .2rem; } td > .plain li { margin: .1rem 0; }
.turns { margin: .3rem 0 1rem; padding-left: 1.6rem; } .turns li { margin: .3rem 0; max-width: 82ch; }
.who td { padding-left: .7rem; } .who td.hand { background: var(--hold-soft); } .who p { margin: .1rem 0 .3rem; }
.who th:nth-child(3), .who th:nth-child(4) { width: 38%; padding-left: .7rem; } .who tbody th { white-space: nowrap; }
.paths { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 1rem; }
.path { border: 1px solid var(--rule); border-radius: 8px; padding: .9rem 1.1rem; }
.path h3 { margin: 0 0 .3rem; }
.path.is-chosen { grid-column: 1 / -1; border: 2px solid var(--accent); background: var(--accent-soft); }
.path p { font-size: .92rem; } .path.is-rejected p { color: var(--soft); }
.reasons td { padding: .3rem 1.2rem .3rem 0; font-size: .9rem; } .path .reasons td { border-color: var(--rule); }
.reasons td:first-child { width: 55%; }
.pnr { border: 3px solid var(--none); background: var(--none-soft); border-radius: 8px; padding: 1rem 1.3rem 1.1rem; }
.pnr h3 { color: var(--none); margin: 0 0 .3rem; font-size: 1.2rem; }
.pnr-row td, .pnr-row th { background: var(--none-soft); }
.pnr-rule td { padding: .4rem .7rem; border: 0; background: var(--none); color: var(--paper); font-weight: 700; text-align: center;
  letter-spacing: .08em; text-transform: uppercase; font-size: .84rem; }
figure { margin: 1rem 0 1.6rem; } figcaption { font-weight: 600; margin-bottom: .6rem; }
figcaption small { font-weight: 400; color: var(--soft); }
.finding { border-left: 4px solid var(--rule); padding: .1rem 0 .2rem 1rem; margin: 1.1rem 0; }
.finding.is-block, .finding.is-error { border-color: var(--bad); } .finding.is-warn { border-color: var(--warn); }
.finding.is-note { border-color: var(--accent); } .finding.is-manual, .finding.is-waived { border-color: var(--hold); }
.finding.is-pass { border-color: var(--good); }
.finding h3 { margin: 0 0 .2rem; font-size: 1rem; } .finding p { margin: .2rem 0; }
.finding .remedy { background: var(--panel); padding: .4rem .7rem; border-radius: 5px; max-width: 82ch; }
.more { color: var(--soft); font-size: .86rem; }
details > summary { cursor: pointer; color: var(--accent); font-size: .86rem; } details > summary:hover { text-decoration: underline; }
details dl { margin: .4rem 0; display: grid; grid-template-columns: max-content 1fr; gap: .2rem .9rem; font-size: .88rem; }
details dt { color: var(--soft); } details dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.state { white-space: nowrap; }
section.phase > header { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: baseline; border-bottom: 1px solid var(--ink);
  margin-top: 2rem; }
section.phase > header h3 { margin: 0 0 .3rem; font-size: 1.15rem; } section.phase > header p { margin: 0; color: var(--soft);
  font-size: .9rem; max-width: none; }
section.phase > header p:last-child { margin-left: auto; }
[hidden] { display: none !important; }
footer { margin: 4rem auto 3rem; color: var(--soft); font-size: .86rem; }
footer h2 { color: var(--ink); }
.legend { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0 1rem; font-size: .88rem; }
.legend dt { font-weight: 600; color: var(--ink); } .legend dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }

svg.drawing { display: block; width: 100%; height: auto; font-family: inherit; }
svg text { fill: var(--ink); font-size: 11.5px; } svg .strong { font-weight: 600; }
svg .band-label { font-size: 12px; fill: var(--soft); font-weight: 600; } svg .band-line { stroke: var(--faint); }
svg .card-box { fill: var(--raised); stroke: var(--rule); stroke-width: 1.2; } svg .card-server .card-box { stroke: var(--accent); }
svg .card-name { font-size: 13.5px; } svg .card-fact, svg .card-role { fill: var(--soft); } svg .card-role { fill: var(--ink); }
svg .is-new .card-box { stroke: var(--good); stroke-width: 2.2; } svg .is-spare .card-box, svg .is-idle .card-box { stroke-dasharray: 5 4; }
svg .is-run_from .card-box { stroke-width: 2.6; }
svg .is-leaving .card-box { stroke: var(--bad); stroke-dasharray: 5 4; }
svg .is-left .card-box { stroke: var(--bad); fill: var(--panel); } svg .is-left .card-name { text-decoration: line-through; }
svg .is-left text { fill: var(--soft); } svg .struck { stroke: var(--bad); stroke-width: 1.2; opacity: .55; }
svg .badge-box { fill: var(--faint); } svg .badge-text { font-size: 10px; font-weight: 600; fill: var(--soft); }
svg .badge.is-rms .badge-box, svg .badge.is-emulator .badge-box { fill: var(--accent-soft); }
svg .badge.is-rms .badge-text, svg .badge.is-emulator .badge-text { fill: var(--accent); }
svg .badge.is-run_from .badge-box { fill: var(--accent); } svg .badge.is-run_from .badge-text { fill: var(--paper); }
svg .badge.is-new .badge-box { fill: var(--good-soft); } svg .badge.is-new .badge-text { fill: var(--good); }
svg .badge.is-left .badge-box, svg .badge.is-leaving .badge-box { fill: var(--bad-soft); }
svg .badge.is-left .badge-text, svg .badge.is-leaving .badge-text { fill: var(--bad); }
svg .chip-box { fill: var(--panel); stroke: var(--faint); } svg .chip-dot { fill: var(--accent); }
svg .is-manual .chip-dot { fill: var(--paper); stroke: var(--hold); stroke-width: 2; }
svg .wire { stroke: var(--soft); stroke-width: 1; }
svg .node-box { fill: var(--raised); stroke: var(--rule); stroke-width: 1.3; } svg .node-title { font-size: 12px; }
svg .node-fact, svg .node-wait { font-size: 11px; fill: var(--soft); }
svg .node.is-critical .node-box { stroke: var(--ink); stroke-width: 2; } svg .node.is-done .node-box { fill: var(--good-soft); }
svg .node.is-failed .node-box, svg .node.is-blocked .node-box { stroke: var(--bad); fill: var(--bad-soft); }
svg .node.is-running .node-box { stroke: var(--accent); fill: var(--accent-soft); } svg .node.is-down .node-box { fill: var(--warn-soft); }
svg .node.is-pnr .node-box { stroke: var(--none); stroke-width: 3; fill: var(--none-soft); }
svg .node.is-pnr .node-wait { fill: var(--none); font-weight: 700; }
svg .edge { fill: none; stroke: var(--soft); stroke-width: 1.2; } svg .edge-head { fill: var(--soft); }
svg .grid { stroke: var(--faint); } svg .tick { font-size: 11px; fill: var(--soft); } svg .gantt-phase { font-size: 12.5px; }
svg .bar .bar-box { fill: var(--accent); opacity: .45; } svg .bar.is-critical .bar-box { opacity: 1; }
svg .bar.is-hand .bar-box { fill: var(--hold); } svg .node.is-hand .node-box { stroke: var(--hold); stroke-dasharray: 6 3; }
svg .bar.is-down .bar-box { fill: var(--warn); } svg .bar.is-pnr .bar-box { fill: var(--none); }
svg .down-band { fill: var(--warn-soft); opacity: .75; }
svg .pnr-line { stroke: var(--none); stroke-width: 2; } svg .pnr-mark { fill: var(--none); }
svg .pnr-text { fill: var(--none); font-size: 12px; }

@media (max-width: 720px) {
  main, header.top, footer { padding: 0 16px; } .toolbar > div { padding: .4rem 16px 0; } .toolbar { position: static; }
  figure { overflow-x: auto; } figure svg.drawing { min-width: 820px; } #status { text-align: left; }
  .figures { grid-template-columns: repeat(2, 1fr); } .verdict { display: block; } input[type="search"] { width: 100%; max-width: none; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --panel: #f4f4f4; --raised: #fff; --ink: #000; --soft: #444; --rule: #bbb; --faint: #ddd;
    --accent: #174a82; --accent-soft: #eef3f9; --good: #12593a; --good-soft: #eef6f1; --warn: #6e4800; --warn-soft: #faf3e2;
    --bad: #8f1e18; --bad-soft: #fbeeed; --hold: #46317d; --hold-soft: #f1eef8; --none: #86003a; --none-soft: #fbedf2; }
  @page { margin: 14mm 13mm; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  html { font-size: 11.5px; } body { font-size: 9pt; } main, header.top, footer { max-width: none; padding: 0; }
  .toolbar, .skip, td details > summary { display: none; }
  details > summary { list-style: none; color: inherit; font-weight: 600; } .scroll { overflow: visible; }
  .grade, thead th, .state { white-space: normal; } code, td { overflow-wrap: anywhere; } .figures dd { font-size: 1.1rem; }
  .paths { grid-template-columns: repeat(3, 1fr); } ul.plain, ol.plain { margin-bottom: .3rem; } p { max-width: none; }
  h2 { break-after: avoid; margin-top: 1.6rem; } h3, section.phase > header, figcaption { break-after: avoid; }
  tr, .finding, .path, .pnr, .figures { break-inside: avoid; } thead { display: table-header-group; }
  a { color: inherit; text-decoration: none; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
"""
