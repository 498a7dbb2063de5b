"""Reconcile names with the client `reconciler`, in the environment of tests/interop.txt."""

import sys

import numpy
import pandas

numpy.NaN = numpy.nan  # reconciler 0.2.2 was written for NumPy 1

from reconciler import reconcile  # noqa: E402

address, type_, *names = sys.argv[1:]
found = reconcile(pandas.Series(names), type_id=type_, reconciliation_endpoint=address)
print(found.to_json(orient="records"))
