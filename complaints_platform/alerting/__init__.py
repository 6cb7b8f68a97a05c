"""Notifications that arrive once: what is wrong, who hears of it, by which way, and what became of it.

Here belong what a notification is (``events``), which changes of a condition are one (``conditions``), where they
are kept (``outbox``, ``spool``), who hears what and when (``routes``, ``planning``), how they go out (``delivery``,
``sending``), what follows from numbers that others have gathered (``watching``), and how it is shown (``shown``).
``observing`` gathers what Dagster (``instance.history``) and the lake know.
"""
