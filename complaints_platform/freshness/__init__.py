"""What is stale, what is made next, and publishing what belongs together.

Decisions are pure functions of state; sensors and commands that act on them belong in ``defs`` and ``commands``.
"""
