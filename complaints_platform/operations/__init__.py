"""What tells people and machines how the platform is doing: metrics, structured logs, the doctor's examinations.

Judgement of data belongs to ``quality``; notifications have a package of their own. What is asked of Dagster's
instance stands in ``defs`` and is handed over.
"""
