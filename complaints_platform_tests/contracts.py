"""Source contracts for public data sets, as YAML: what a user would write to add one."""

from pathlib import Path

import yaml

from complaints_platform.sources.contract import COMPLAINTS

OWNER = "team:tests"

COMCAST = {
    "description": "Complaints to a cable operator, by call and internet.",
    "owner": OWNER,
    "cadence": "daily",
    "channel": {
        "field": "Received Via",
        "values": {"Customer Care Call": "call_centre", "Internet": "web_form"},
    },
    "format": {"type": "csv"},
    "times": {"zone": "America/New_York", "formats": ["%d-%m-%Y %I:%M:%S %p"]},
    "fields": {
        "source_id": "Ticket #",
        "text": "Customer Complaint",
        "occurred_at": ["Date", "Time"],
        "region": "State",
        "status": "Status",
    },
}

TWEETS = {
    "description": "Posts that mention mobile operators.",
    "owner": OWNER,
    "cadence": "stream",
    "channel": "social",
    "format": {"type": "csv"},
    "fields": {"text": "text", "occurred_at": "created", "product": "network"},
}

NYC311 = {
    "description": "Service requests to a city.",
    "owner": OWNER,
    "cadence": "daily",
    "channel": {
        "field": "open_data_channel_type",
        "values": {
            "PHONE": "call_centre",
            "ONLINE": "web_form",
            "MOBILE": "mobile_app",
            "UNKNOWN": "unknown",
            "OTHER": "other",
        },
    },
    "format": {"type": "csv"},
    "times": {"zone": "America/New_York"},
    "fields": {
        "source_id": "unique_key",
        "text": ["complaint_type", "descriptor"],
        "occurred_at": "created_date",
        "region": "borough",
        "product": "agency",
        "status": "status",
        "resolved_at": "closed_date",
        "updated_at": "resolution_action_updated_date",
    },
}

CFPB = {
    "description": "Narratives of complaints about financial products.",
    "owner": OWNER,
    "cadence": "daily",
    "channel": "web_form",
    "format": {"type": "csv"},
    "times": {"formats": ["%m/%d/%y", "%Y/%m/%d", "%Y-%m-%d", "%d-%m-%Y"]},
    "fields": {"text": "text", "occurred_at": "date", "region": "state", "product": "product_raw"},
}


def write_contract(folder: Path, name: str, attributes: dict, component: str = COMPLAINTS) -> None:
    """Write one ``defs.yaml`` as a user would."""
    path = folder / name / "defs.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"type": component, "attributes": attributes}, sort_keys=False))
