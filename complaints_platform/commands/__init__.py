"""Groups of the ``complaints`` command, a module a group: parsing and printing; the work is done elsewhere.

What is heavy to import (polars, Dagster, scikit-learn) is imported by the command that needs it: ``--help`` is fast.
"""
