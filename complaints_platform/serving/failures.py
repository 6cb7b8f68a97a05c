"""What goes wrong in a request, as HTTP says it: a status, a code for programs, a message and a hint for people."""


class RequestFailed(Exception):
    """A request that can't be answered as asked."""

    def __init__(self, status: int, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


def not_found(what: str) -> RequestFailed:
    """Return: there is no such thing."""
    return RequestFailed(404, "not_found", f"there is no {what}")
