"""A client secret rotated from the page: asked for at Amazon, received from a real SQS protocol, stored, used."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from moto import mock_aws

from tests.web.conftest import House


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The developer's SQS queue, and the connection to it."""
    with mock_aws():
        client = boto3.client(
            "sqs", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="not-a-secret"
        )
        url = client.create_queue(QueueName="secrets", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
        extra = {"queue_url": url, "region_name": "eu-west-1"}
        given = {"conn_type": "aws", "login": "test", "password": "not-a-secret", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_SECRET_QUEUE", json.dumps(given))
        client.url = url
        yield client


def sent(house: House) -> list[dict[str, Any]]:
    """What Amazon has sent so far."""
    return httpx.get(f"{house.live.login}/simulator/notifications").json()["notifications"]


def waiting(queue: Any) -> int:
    attributes = queue.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(attributes["Attributes"]["ApproximateNumberOfMessages"])


def connect(house: House, *names: str, **changes: Any) -> None:
    for name in names:
        house.connect(name, refresh_token=house.accounts[name]["refresh_token"], **changes)


def test_without_a_queue_nothing_is_rotated(house: House) -> None:
    connect(house, "cascade_na")
    before = len(sent(house))
    page = house.said(house.post("cascade_na", "rotate"))
    assert "Nothing was rotated" in page
    assert "There is no connection tieout_secret_queue" in page
    assert len(sent(house)) == before


def test_a_queue_that_cannot_be_read_is_no_queue(house: House, queue: Any) -> None:
    connect(house, "cascade_na")
    queue.delete_queue(QueueUrl=queue.url)
    assert "cannot be read" in house.said(house.post("cascade_na", "rotate"))


def test_a_new_secret_reaches_every_connection_of_its_application(house: House, queue: Any) -> None:
    # aurora_na consented to the application bookkeeper, as dorado_eu did; cascade_na to storefront
    connect(house, "aurora_na", "dorado_eu", "cascade_na")
    assert house.accounts["aurora_na"]["client_id"] == house.accounts["dorado_eu"]["client_id"]
    house.live.amazon.clock.advance(60)
    before = len(sent(house))
    assert "Rotation asked for" in house.said(house.post("aurora_na", "rotate"))
    (*_, notification) = sent(house)
    assert len(sent(house)) == before + 1
    new = notification["payload"]["applicationOAuthClientNewSecret"]["newClientSecret"]

    # Amazon's delivery: what the simulated one sends, into a queue that speaks SQS, beside another notification
    queue.send_message(QueueUrl=queue.url, MessageBody=json.dumps({"notificationType": "REPORT_PROCESSING_FINISHED"}))
    queue.send_message(QueueUrl=queue.url, MessageBody=json.dumps(notification))
    page = house.said(house.post("aurora_na", "collect"))
    assert "New secret stored" in page
    assert "is stored in tieout_aurora_na, tieout_dorado_eu" in page
    assert new not in page
    for name in ("aurora_na", "dorado_eu"):
        assert house.stored(name).password == new
        assert house.stored(name).extra_dejson["rotated_on"] == notification["eventTime"][:10]
        assert house.stored(name).extra_dejson["refresh_token"] == house.accounts[name]["refresh_token"]
    assert house.stored("cascade_na").password == house.accounts["cascade_na"]["client_secret"]

    # seven days later the old one is dead, and the new one lists
    house.live.amazon.clock.advance(8 * 86400)
    assert "Works: Login with Amazon gives tokens" in house.said(house.post("dorado_eu", "test"))

    # what comes again changes nothing, and an older secret does not replace a newer one
    connect_again = house.stored("aurora_na").password
    older = json.loads(json.dumps(notification))
    older["payload"]["applicationOAuthClientNewSecret"] |= {
        "newClientSecret": "amzn1.oa2-cs.v1.older",
        "newClientSecretExpiryTime": "2026-12-01T00:00:00Z",
    }
    queue.send_message(QueueUrl=queue.url, MessageBody=json.dumps(older))
    house.post("aurora_na", "collect")
    assert house.stored("aurora_na").password == connect_again


def test_the_command_rotates_and_stores(
    house: House, queue: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tieout import cli
    from tieout.web import rotation

    connect(house, "cascade_na")
    house.live.amazon.clock.advance(60)
    asked = rotation.rotate

    def rotate_and_deliver(*given: Any) -> None:
        asked(*given)
        queue.send_message(QueueUrl=queue.url, MessageBody=json.dumps(sent(house)[-1]))

    monkeypatch.setattr(rotation, "rotate", rotate_and_deliver)
    (group,) = cli.commands()
    (command,) = group.subcommands
    assert (group.name, command.name) == ("tieout", "rotate-secret")
    command.func(argparse.Namespace(account="cascade_na", wait=1.0, only_collect=False))
    new = sent(house)[-1]["payload"]["applicationOAuthClientNewSecret"]["newClientSecret"]
    assert house.stored("cascade_na").password == new
    said = capsys.readouterr().out
    assert "stored in tieout_cascade_na; it dies on" in said
    assert new not in said


@pytest.mark.parametrize(
    ("account", "says"),
    [("nobody", "no account 'nobody'"), ("dorado_eu", "is not there"), ("cascade_na", "no connection")],
)
def test_the_command_says_why_it_cannot(house: House, account: str, says: str) -> None:
    from tieout import cli

    connect(house, "cascade_na")  # and there is no queue
    with pytest.raises(SystemExit, match=says):
        cli.rotate_secret(argparse.Namespace(account=account, wait=0.0, only_collect=False))


def test_a_secret_of_an_unknown_application_stays_in_the_queue(house: House, queue: Any) -> None:
    connect(house, "cascade_na")
    content = {"clientId": "amzn1.other", "newClientSecret": "amzn1.oa2-cs.v1.x"}
    content["newClientSecretExpiryTime"] = "2027-02-27T15:00:00Z"
    payload = {"applicationOAuthClientNewSecret": content}
    body = {"notificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET", "payload": payload}
    queue.send_message(QueueUrl=queue.url, MessageBody=json.dumps(body))
    page = house.said(house.post("cascade_na", "collect"))
    assert "amzn1.other, a client id that no connection" in page
    assert waiting(queue) == 1
