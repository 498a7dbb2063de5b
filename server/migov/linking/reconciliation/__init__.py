"""The Reconciliation Service API over our own entities: versions 0.2 and 1.0-draft.

https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/ and its successor
draft: questions and answers as JSON values, no sockets.
"""
