"""Judgement of data: pure functions from frames and aggregates to verdicts with numbers, thresholds and history.

Which days are judged, where they are read from and who hears of it does not belong here (``pipeline.quality``,
``defs.checks``, notifications).
"""
