# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page's own script: filter and search, and everything unfolded on paper. It asks nothing of any network."""

from __future__ import annotations

SCRIPT = """
"use strict";
(function () {
  var byId = function (name) { return document.getElementById(name); };
  var all = function (query) { return Array.prototype.slice.call(document.querySelectorAll(query)); };
  var search = byId("search"), phase = byId("phase"), host = byId("host"), status = byId("status");
  if (!search) { return; }
  var toggles = all("button[data-choose]");
  var items = all("[data-item]").map(function (node) {
    return {
      node: node,
      kind: node.getAttribute("data-item"),
      outcome: node.getAttribute("data-outcome"),
      phases: (node.getAttribute("data-phases") || "").split(" "),
      hosts: (node.getAttribute("data-hosts") || "").split(" "),
      text: node.textContent.toLowerCase()
    };
  });
  var sections = all("[data-holds]");
  var chosen = function () {
    return toggles.filter(function (one) { return one.getAttribute("aria-pressed") === "true"; })
      .map(function (one) { return one.getAttribute("data-choose"); });
  };
  function apply() {
    var outcomes = chosen(), wanted = search.value.trim().toLowerCase().split(/\\s+/).filter(Boolean);
    var shown = { step: 0, finding: 0, machine: 0 }, total = { step: 0, finding: 0, machine: 0 };
    items.forEach(function (item) {
      var fits = wanted.every(function (word) { return item.text.indexOf(word) >= 0; });
      if (host.value) { fits = fits && item.hosts.indexOf(host.value) >= 0; }
      if (phase.value && item.kind !== "finding") { fits = fits && item.phases.indexOf(phase.value) >= 0; }
      if (outcomes.length && item.kind === "finding") { fits = fits && outcomes.indexOf(item.outcome) >= 0; }
      item.node.hidden = !fits;
      total[item.kind] += 1;
      if (fits) { shown[item.kind] += 1; }
    });
    var narrowed = wanted.length || host.value || phase.value || outcomes.length;
    sections.forEach(function (section) {
      var left = section.querySelector("[data-item]:not([hidden])");
      section.hidden = Boolean(narrowed) && !left;
    });
    status.textContent = [["step", "lines of steps"], ["machine", "machines"], ["finding", "findings"]].map(function (pair) {
      var kind = pair[0];
      return shown[kind] + " of " + total[kind] + " " + pair[1];
    }).join(" \\u00b7 ");
  }
  toggles.forEach(function (one) {
    one.addEventListener("click", function () {
      one.setAttribute("aria-pressed", one.getAttribute("aria-pressed") === "true" ? "false" : "true");
      apply();
    });
  });
  search.addEventListener("input", apply);
  phase.addEventListener("change", apply);
  host.addEventListener("change", apply);
  byId("reset").addEventListener("click", function () {
    search.value = ""; phase.value = ""; host.value = "";
    toggles.forEach(function (one) { one.setAttribute("aria-pressed", "false"); });
    apply();
    search.focus();
  });
  document.addEventListener("keydown", function (event) {
    var busy = /^(input|select|textarea)$/i.test(event.target.tagName || "");
    if (event.key === "/" && !busy && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && event.target === search) { search.value = ""; apply(); }
  });
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = all("details:not([open])");
    opened.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () { opened.forEach(function (one) { one.open = false; }); });
  all(".scripted").forEach(function (one) { one.hidden = false; });
  apply();
})();
"""
