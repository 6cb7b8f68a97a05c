"""What a source contract is, and reading files by it.

Here belong the contract model, the reader (bytes → raw records and quarantined ones) and the
Dagster component through which a ``defs.yaml`` becomes a source. Where files and records lie
(``lake``) and what their texts mean (``cleaning``) do not belong here. The component is imported
only when it is asked for: Dagster takes seconds to import.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from complaints_platform.components import ComplaintSource as ComplaintSource
    from complaints_platform.components import CustomerSource as CustomerSource

__all__ = ["ComplaintSource", "CustomerSource"]


def __getattr__(name: str) -> Any:
    """Import the components when one is first asked for."""
    if name in __all__:
        from complaints_platform import components

        return getattr(components, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name the components: ``dg`` finds component types by looking through the module."""
    return __all__
