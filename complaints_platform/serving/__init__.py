"""Read-only access to what the lake holds.

Here belong queries over the data sets and what shows their results to people. How data sets
are made does not belong here.
"""
