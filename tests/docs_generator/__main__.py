# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`python -m tests.docs_generator [--check]`."""

from __future__ import annotations

import sys

from tests.docs_generator.pages import main

sys.exit(main(sys.argv[1:]))
