"""What the platform learns from people: labels, corrections, the review queue, the model that serves, and drift.

Reads and writes the lake. The estimator itself, its training and its evaluation are pure and belong in
``classification``; which day is categorised by which model is decided in ``pipeline``.
"""
