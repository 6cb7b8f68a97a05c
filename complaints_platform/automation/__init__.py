"""What decides when something runs: pure functions of what is there, what was asked for and the time.

Here belong decisions: which files have settled, whether files are collected now, which days are made next, what
becomes of a day that fails. Whoever calls them (``defs.automation``) looks at landing, lake and Dagster, and does
what was decided; neither Dagster nor storage is known here.
"""
