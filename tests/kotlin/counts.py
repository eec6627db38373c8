"""Prints how many tests ran, and fails if one was skipped or none ran: `counts.py SUREFIRE_REPORTS`."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

suites = [ElementTree.parse(path).getroot() for path in Path(sys.argv[1]).glob("TEST-*.xml")]
tests, skipped = (sum(int(suite.attrib[name]) for suite in suites) for name in ("tests", "skipped"))
print(f"{tests} tests, {skipped} skipped")
sys.exit(not tests or skipped > 0)
