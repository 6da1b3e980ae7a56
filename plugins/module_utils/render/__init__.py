# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One plan, many views: text, Markdown, JSON, JUnit, SARIF and a self-contained HTML page.

Every view is a pure function of one report:
``{"plan", "path", "findings", "snapshot", "generated", "approval", "journal"}``.
"""
