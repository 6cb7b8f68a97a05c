"""Marts: pure functions from categorised complaints to the small tables that people read.

A mart is one module, which ends with its ``MART``; ``registry`` lists them, ``definition`` says what can be said of
one. Which days are computed when, and where results lie, is decided elsewhere (``pipeline``, ``freshness``, ``lake``).
"""
