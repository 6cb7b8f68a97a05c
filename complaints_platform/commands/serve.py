"""``complaints serve`` and ``complaints tokens``: the query service and who may ask it."""

from functools import cache
from typing import Annotated

import typer

from complaints_platform.commands.opening import open_platform

tokens = typer.Typer(help="Who may ask the query service.", no_args_is_help=True)


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but this machine's needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8400,
) -> None:
    """Answer questions over HTTP: dashboard, metrics, search, SQL, exports."""
    import uvicorn

    from complaints_platform.commands.metrics import gathered
    from complaints_platform.instance.local import local_instance
    from complaints_platform.serving.auth import Tokens, check_address
    from complaints_platform.serving.http.app import build_app

    platform = open_platform()
    settings = platform.settings
    check_address(host, Tokens(settings.tokens.get_secret_value(), settings.tokens_file))
    typer.echo(f"http://{host}:{port} answers about {settings.lake}", err=True)
    with local_instance() as instance:
        metrics = cache(lambda: gathered(platform, instance))  # loads the definitions when first asked for
        app = build_app(platform, lambda: metrics().text())
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


@tokens.command("new")
def tokens_new(
    role: Annotated[str, typer.Option(help="viewer, analyst, reviewer or privacy_officer.")],
    name: Annotated[str, typer.Option(help="Whose it is: stands in the audit log.")],
) -> None:
    """Make a token, show it once, and print the line by which the service knows it."""
    from complaints_platform.serving.auth import TOKEN_ROLES, Role, new_token

    if role not in TOKEN_ROLES:
        raise typer.BadParameter(f"{role!r} is not one of {', '.join(TOKEN_ROLES)}", param_hint="--role")
    token, line = new_token(Role(role), name)
    typer.echo(f"token, shown this once: {token}\n\nput this line into the file COMPLAINTS_TOKENS_FILE:", err=True)
    typer.echo(line)
