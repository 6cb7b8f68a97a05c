"""Judgement of data: pure functions from frames and sums to assessments with numbers, bounds and history."""
