"""Validate mapping sets with sssom-py, in the environment of tests/interop.txt; prints JSON."""

import json
import sys

from sssom.constants import DEFAULT_VALIDATION_TYPES
from sssom.parsers import parse_sssom_table
from sssom.validators import validate

found = {}
for path in sys.argv[1:]:
    given = parse_sssom_table(path)
    reports = validate(given, validation_types=DEFAULT_VALIDATION_TYPES, fail_on_error=False)
    found[path] = {
        "rows": len(given.df),  # sssom-py leaves out a row that it cannot read
        "checks": len(reports),
        "findings": [str(result) for report in reports.values() for result in report.results],
    }
print(json.dumps(found))
