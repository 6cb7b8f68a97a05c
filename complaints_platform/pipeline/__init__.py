"""Recipes: what each day of each data set is made from, and by what its freshness is told.

A recipe joins stored inputs (``lake``) with pure functions (``cleaning``, ``classification``, ``marts``) and yields
one ``DayFrame`` a day, with the fingerprint of all that decided it.
"""
