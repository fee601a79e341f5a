"""A file for somebody else's bucket: put there once for each content, encrypted by a key of its own if it has one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from tieout.lake.store import Lake

_DIGEST = "tieout-sha256"


class NotHandedOver(Exception):
    """The file is not in the bucket; the message says which, and what the bucket has against it."""


def hand_over(lake: Lake, path: Path, place: str, kms_key: str | None) -> bool:
    """Put a file into a bucket, unless it is there already, byte for byte.

    Args:
        lake: Whose credentials are used.
        path: The file; its name becomes the end of the key.
        place: `s3://bucket/prefix`.
        kms_key: ARN of the AWS KMS key that encrypts it; None: the bucket's own way.

    Returns:
        Whether it was put.

    Raises:
        NotHandedOver: If the bucket refuses it or cannot be reached.
    """
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    key = f"{prefix.rstrip('/')}/{path.name}"
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    extra: dict[str, Any] = {"Metadata": {_DIGEST: sha256}}
    if kms_key:
        extra |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}
    try:
        if _digest(lake, bucket, key) == sha256:
            return False
        lake.client.upload_file(str(path), bucket, key, ExtraArgs=extra)
    except (ClientError, BotoCoreError, Boto3Error) as error:
        raise NotHandedOver(
            f"the read copy could not be put to s3://{bucket}/{key}: {error}. Give the lake's key the right s3:PutObject and "
            "s3:GetObject there, and of the KMS key kms:GenerateDataKey; the next run tries again"
        ) from error
    return True


def _digest(lake: Lake, bucket: str, key: str) -> str | None:
    """The digest of the object as it was put; None if there is none."""
    try:
        return str(lake.client.head_object(Bucket=bucket, Key=key)["Metadata"].get(_DIGEST))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise
