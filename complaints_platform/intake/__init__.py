"""The way in: from a file in the landing to a committed receipt.

Here belong the listing of the landing and ``collect``, which stores originals, reads them by
their contract and writes segments, quarantine and receipts. How a format is read (``sources``)
and how objects are stored (``lake``) do not belong here. The command line, the Dagster job and
sensors all collect through this package.
"""
