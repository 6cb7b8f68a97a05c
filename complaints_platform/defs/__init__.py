"""Everything that Dagster sees: assets, checks, IO manager, resources, jobs; ``sources/`` holds the contracts.

Assets here are a few lines of wiring around a recipe (``pipeline``). What data means or how it
is transformed does not belong here.
"""
