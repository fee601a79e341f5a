"""The SQS queue that Amazon sends new client secrets to, behind the Airflow connection `tieout_secret_queue`."""

from __future__ import annotations

from typing import Any

from tieout.amazon.applications import Queue
from tieout.amazon.queue_policy import other_senders
from tieout.settings import SECRET_QUEUE_CONNECTION


class NoQueue(Exception):
    """There is no queue to receive a new secret from; nothing is rotated without one."""


class MissingQueue(NoQueue):
    """There is no connection to a queue."""


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
        raise MissingQueue(
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


def who_else_may_send() -> list[str]:
    """Return who may send to the queue, by its policy, beside Amazon and the queue's own AWS account.

    :raises NoQueue: if there is no queue, or its attributes cannot be read.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    client, url = queue()
    try:
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "Policy"])["Attributes"]
    except (BotoCoreError, ClientError) as error:
        raise NoQueue(f"The policy of the queue {url} cannot be read: {error}.") from error
    return other_senders(attributes.get("Policy"), attributes["QueueArn"].split(":")[4])
