"""What is answered to each question: numbers, overview, one complaint, incidents, review, freshness, returns.

Knows the copy of the lake (``serving.store``), nothing of HTTP.
"""
