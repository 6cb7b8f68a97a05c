"""Notifications that arrive once: what is wrong, who is notified, through which transport, and what became of it.

Contains what a notification is (``events``), which changes of a condition are one (``conditions``), where they are
kept (``outbox``, ``spool``), who is notified of what and when (``routes``, ``planning``), how they are sent
(``delivery``, ``sending``), what is wrong given numbers from elsewhere (``watching``), and what people see of it
(``listing``). ``observing`` gathers what Dagster (``instance.history``) and the lake know.
"""
