"""The exceptions that callers of this package may meet: one family, each saying what to do.

Only exception types belong here. Bad *records* are not exceptions: they are quarantined.
"""


class ComplaintsError(Exception):
    """Base of every error that the platform raises on purpose."""


class SettingsError(ComplaintsError):
    """A setting is missing or wrong; the message names the variable and what is allowed."""


class ContractError(ComplaintsError):
    """A source contract can't be used; the message names the file and the field."""


class LakeError(ComplaintsError):
    """Something the lake should hold is missing, unreadable or damaged."""


class SchemaViolation(ComplaintsError):
    """A frame breaks the contract of its data set; the message shows a few failing values."""


class ModelError(ComplaintsError):
    """A classifier can't be trained, loaded or used."""


class QueryError(ComplaintsError):
    """A query was refused or failed; the message says why."""


class AuthError(ComplaintsError):
    """Tokens or roles are missing or wrong; the message says where."""


class ExportError(ComplaintsError):
    """Something can't be published elsewhere; the message says why, without addresses or passwords."""


class AlertsError(ComplaintsError):
    """Notifications can't be routed or found; the message names the file and line, or what there is."""


class GeneratorError(ComplaintsError):
    """The generator's phrases, customers or shares are wrong; the message names the file and the field."""
