"""``complaints metrics``: what Prometheus reads, printed or served."""

from typing import TYPE_CHECKING, Annotated

import typer

from complaints_platform.commands.opening import open_platform

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from complaints_platform.operations.metrics import Metrics
    from complaints_platform.platform import Platform


def metrics(
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve them to Prometheus until stopped, instead of printing.")
    ] = False,
    host: Annotated[str, typer.Option(help="Address to serve on; anything but loopback needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to serve on.")] = 9464,
) -> None:
    """Print runs, rows, rates, latencies and lags for Prometheus, or serve them.

    An address that others can reach needs COMPLAINTS_METRICS_TOKEN, which clients send as a bearer token.
    """
    from complaints_platform.instance.local import local_instance
    from complaints_platform.operations.server import metrics_application, refuse_open_server

    platform = open_platform()
    token = platform.settings.metrics_token
    if serve:
        refuse_open_server(host, token)
    with local_instance() as instance:
        found = gathered(platform, instance)
        if not serve:
            typer.echo(found.text(), nl=False)
            return
        import uvicorn

        application = metrics_application(found, token)
        uvicorn.run(application, host=host, port=port, log_level="warning", access_log=False)


def gathered(platform: "Platform", instance: "DagsterInstance") -> "Metrics":
    """Return all metrics of a lake and of Dagster's instance."""
    from complaints_platform.alerting.outbox import Outbox
    from complaints_platform.definitions import build_definitions
    from complaints_platform.instance.metrics import instance_gatherers
    from complaints_platform.operations.lake_metrics import lake_gatherers
    from complaints_platform.operations.metrics import Metrics, outbox_gatherer

    checks = sorted(build_definitions(platform).resolve_asset_graph().asset_check_keys)
    outbox = outbox_gatherer(Outbox(platform.lake.store))
    return Metrics([*lake_gatherers(platform), *instance_gatherers(instance, checks), outbox])
