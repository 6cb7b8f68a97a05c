"""Whether an address reaches only this machine."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address or name to listen on."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
