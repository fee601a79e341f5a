"""Rotates the client secret of an application, and takes the new one from the queue that Amazon sends it to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx

from tieout.amazon.applications import NewSecret, Queue, forget, new_secrets, rotate_client_secret
from tieout.amazon.connection import SellerConnection
from tieout.documents import Region
from tieout.settings import SECRET_QUEUE_CONNECTION
from tieout.web import store


class NoQueue(Exception):
    """There is no queue to receive a new secret from; nothing is rotated without one."""


def queue() -> tuple[Queue, str]:
    """Return the queue's client and URL, after Amazon has shown that it can be read.

    :raises NoQueue: with what to do.
    """
    from airflow.exceptions import AirflowException, AirflowNotFoundException
    from airflow.models import Connection
    from airflow.providers.amazon.aws.hooks.sqs import SqsHook
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        connection = Connection.get_connection_from_secrets(SECRET_QUEUE_CONNECTION)
    except AirflowNotFoundException:
        raise NoQueue(
            f"There is no connection {SECRET_QUEUE_CONNECTION}. Amazon sends new secrets to an SQS queue and nowhere else: "
            "register one for the application in the Developer Portal, and add a connection of that name (type aws) "
            'with {"queue_url": "https://sqs...."} in its extra.'
        ) from None
    url = connection.extra_dejson.get("queue_url")
    if not url:
        raise NoQueue(f"The connection {SECRET_QUEUE_CONNECTION} has no queue_url in its extra.")
    try:
        client: Any = SqsHook(aws_conn_id=SECRET_QUEUE_CONNECTION).conn
        client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    except (BotoCoreError, ClientError, AirflowException) as error:
        raise NoQueue(
            f"The queue {url} cannot be read: {error}. Check the connection {SECRET_QUEUE_CONNECTION}."
        ) from error
    return client, url


def rotate(connection: SellerConnection, region: Region) -> None:
    """Ask Amazon for a new secret; `collect` takes it from the queue.

    :raises NoQueue: if it could not be received; then nothing is asked.
    :raises ValueError: if the connection lacks a credential.
    :raises AmazonError: if Amazon refuses, with what to do.
    """
    queue()
    if not connection.client_id or not connection.client_secret:
        raise ValueError(f"connection {connection.name!r} has no client id and secret to rotate")
    with httpx.Client(timeout=30.0) as http:
        rotate_client_secret(
            http,
            login_endpoint=connection.login_endpoint,
            endpoint=connection.endpoint(region),
            client_id=connection.client_id,
            client_secret=connection.client_secret,
        )


def collect(wait: dt.timedelta = dt.timedelta(seconds=10)) -> tuple[list[tuple[NewSecret, list[str]]], list[str]]:
    """Store every new secret that waits in the queue in the connections of its application.

    A message is deleted once its secret is stored. One whose application no connection has stays in the queue.

    :return: what was stored, with the connections' ids; the client ids that no connection has.
    :raises NoQueue: if there is no queue to read.
    """
    client, url = queue()
    stored, unknown = [], []
    # Of two secrets of one application the one that lives longest is the newest, in whatever order they come.
    for secret in sorted(new_secrets(client, url, wait=wait), key=lambda found: found.expires_at):
        names = store.new_client_secret(secret.client_id, secret.client_secret, secret.made_on.isoformat())
        if not names:
            unknown.append(secret.client_id)
            continue
        forget(client, url, secret)
        stored.append((secret, names))
    return stored, unknown
