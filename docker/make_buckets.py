"""Make the buckets that the deployment names, unless they exist: lake, landing and the logs of processes."""

import os
from urllib.parse import urlsplit

import boto3


def main() -> None:
    """Make every bucket named in the environment; once more is a no-op."""
    wanted = {urlsplit(os.environ[name]).netloc for name in ("COMPLAINTS_LAKE", "COMPLAINTS_LANDING")}
    wanted.add(os.environ["DAGSTER_LOG_BUCKET"])
    s3 = boto3.client("s3")
    existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for name in sorted(wanted):
        if name not in existing:
            s3.create_bucket(Bucket=name)
        print(f"{name}: {'exists' if name in existing else 'made'}", flush=True)


if __name__ == "__main__":
    main()
