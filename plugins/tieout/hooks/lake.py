"""The lake behind an Airflow connection of type `aws`."""

from __future__ import annotations

from airflow.sdk import BaseHook

from tieout.lake import Lake
from tieout.settings import LAKE_CONNECTION, settings


class LakeHook(BaseHook):
    """Any S3 server: Amazon's, or another one by `endpoint_url` in the connection's extra."""

    def __init__(self, aws_conn_id: str = LAKE_CONNECTION) -> None:
        super().__init__()
        self.aws_conn_id = aws_conn_id

    def lake(self) -> Lake:
        """Return the lake's bucket."""
        # Here, since it takes over a second to import and every DAG file imports this module.
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        return Lake(S3Hook(aws_conn_id=self.aws_conn_id).conn, settings().lake_bucket)
