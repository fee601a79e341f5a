"""The lake behind an Airflow connection of type `aws`."""

from __future__ import annotations

from airflow.sdk import BaseHook

from tieout.accounts import kms_keys
from tieout.hooks.personal import privacy
from tieout.lake import Lake
from tieout.privacy import Encryption
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

        hook = S3Hook(aws_conn_id=self.aws_conn_id)
        # Not hook.conn: it reads the source of every frame of the stack to name its caller, half a second for each task.
        client = hook.get_session(region_name=hook.region_name).client(
            "s3",
            endpoint_url=hook.conn_config.get_service_endpoint_url("s3"),
            config=hook.config,
            verify=hook.verify,
        )
        known = settings()
        own = kms_keys(known.accounts_file) if known.accounts_file.exists() else {}
        return Lake(
            client,
            known.lake_bucket,
            privacy=privacy(),
            encryption=known.encryption,
            of_account={account: Encryption("aws:kms", key) for account, key in own.items()},
        )
