"""Whether an address is of this machine alone: asked by everything that listens, and used by nothing else."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address or name to listen on."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
