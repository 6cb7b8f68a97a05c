"""Recipes: what each day of each data set is made from, and by what its freshness is told.

A recipe joins stored inputs (``lake``) with pure functions (``cleaning``, ``classification``,
``marts``) and yields one ``DayFrame`` a day, with the fingerprint of all that decided it. The
Dagster assets wrap these recipes; ``staleness`` compares the same fingerprints. Nothing here
knows Dagster, and no transform is written here.
"""
