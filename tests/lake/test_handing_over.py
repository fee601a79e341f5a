"""A file for somebody else's bucket, on a real S3 server."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from tieout.lake import Lake
from tieout.lake.handing_over import NotHandedOver, hand_over


def test_a_file_is_put_once_for_each_content(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "tieout.duckdb"
    place = f"s3://{lake.bucket}/reports/acme/"
    file.write_bytes(b"monday")
    assert hand_over(lake, file, place, None)
    assert not hand_over(lake, file, place, None)
    assert lake.get("reports/acme/tieout.duckdb") == b"monday"
    file.write_bytes(b"tuesday")
    assert hand_over(lake, file, place, None)
    assert lake.get("reports/acme/tieout.duckdb") == b"tuesday"


def test_a_bucket_that_refuses_is_named_with_what_to_do(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "tieout.duckdb"
    file.write_bytes(b"monday")
    stranger = boto3.client(
        "s3",
        endpoint_url=lake.client.meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="stranger",
        aws_secret_access_key="not-the-secret",
    )
    place = f"s3://{lake.bucket}/acme"
    with pytest.raises(
        NotHandedOver, match=rf"{place}/tieout\.duckdb: .*Forbidden.* Give the lake's key .*s3:PutObject"
    ):
        hand_over(Lake(stranger, lake.bucket), file, place, None)
    assert list(lake.keys("acme")) == []
