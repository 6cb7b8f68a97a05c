"""Where data lies and how it is written.

Here belong the layout of the lake, originals, raw segments, receipts, the key index and Delta
tables, for local folders and object stores alike; nothing else in the package opens a path
below the lake or the landing. What the bytes mean (``sources``, ``cleaning``) does not belong
here, nor does anything that knows Dagster.
"""

from complaints_platform.lake.lake import Lake

__all__ = ["Lake"]
