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
    command = next(each for each in group.subcommands if each.name == "rotate-secret")
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


def send(queue: Any, client_id: str, secret: str, expires: str) -> None:
    """A notification as Amazon sends it, or somebody else."""
    content = {"clientId": client_id, "newClientSecret": secret, "newClientSecretExpiryTime": expires}
    payload = {"applicationOAuthClientNewSecret": content}
    body = {"notificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET", "payload": payload}
    queue.send_message(QueueUrl=queue.url, MessageBody=json.dumps(body))


def rotated(house: House, name: str, queue: Any) -> str:
    """Rotate at Amazon, and deliver its message; the new secret."""
    house.live.amazon.clock.advance(60)
    house.post(name, "rotate")
    notification = sent(house)[-1]
    queue.send_message(QueueUrl=queue.url, MessageBody=json.dumps(notification))
    return notification["payload"]["applicationOAuthClientNewSecret"]["newClientSecret"]


@pytest.mark.parametrize(
    "expires", ["9998-06-30T00:00:00Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z", "2027-03-01T00:00:00Z"]
)
def test_a_made_up_secret_neither_replaces_nor_blocks_the_real_one(house: House, queue: Any, expires: str) -> None:
    connect(house, "cascade_na")
    client_id, before = house.accounts["cascade_na"]["client_id"], house.accounts["cascade_na"]["client_secret"]
    send(queue, client_id, "amzn1.oa2-cs.v1.made-up", expires)
    page = house.said(house.post("cascade_na", "collect"))
    assert "No new secret was stored" in page
    assert house.stored("cascade_na").password == before
    assert house.stored("cascade_na").extra_dejson["rotated_on"] == "2026-08-01"
    new = rotated(house, "cascade_na", queue)
    assert "New secret stored" in house.said(house.post("cascade_na", "collect"))
    assert house.stored("cascade_na").password == new
    assert waiting(queue) <= 1  # Amazon's is gone; the other one stays, or is older than one that works


def test_a_day_in_the_future_does_not_keep_a_secret_that_dies(house: House, queue: Any) -> None:
    connect(house, "cascade_na", rotated_on="9998-01-01")
    assert "age unknown" in house.browser.get("/tieout/sellers/cascade_na").text
    new = rotated(house, "cascade_na", queue)
    house.post("cascade_na", "collect")
    assert house.stored("cascade_na").password == new
    assert waiting(queue) == 0


def test_a_message_stays_while_a_newer_secret_does_not_work(house: House, queue: Any) -> None:
    connect(house, "cascade_na", rotated_on="2026-08-31")
    house.accounts["cascade_na"]["client_secret"], real = (
        "amzn1.oa2-cs.v1.wrong",
        house.accounts["cascade_na"]["client_secret"],
    )
    from airflow.models import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        row = session.scalar(select(Connection).where(Connection.conn_id == "tieout_cascade_na"))
        assert row is not None
        row.set_password("amzn1.oa2-cs.v1.wrong")
    send(queue, house.accounts["cascade_na"]["client_id"], real, "2027-02-20T00:00:00Z")  # made on 2026-08-24
    assert "New secret stored" in house.said(house.post("cascade_na", "collect"))
    assert house.stored("cascade_na").password == real
    assert waiting(queue) == 0


def test_of_two_secrets_of_one_day_the_newer_stays(house: House, queue: Any) -> None:
    connect(house, "cascade_na")
    first = rotated(house, "cascade_na", queue)
    second = rotated(house, "cascade_na", queue)
    assert first != second
    house.post("cascade_na", "collect")
    assert house.stored("cascade_na").password == second
    assert waiting(queue) == 0


def test_an_amazon_that_does_not_answer_loses_nothing(
    house: House, queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tieout.amazon.errors import AmazonUnavailable
    from tieout.web import rotation

    connect(house, "cascade_na")
    new = rotated(house, "cascade_na", queue)

    def away(*given: Any) -> bool:
        raise AmazonUnavailable("Login with Amazon did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "gives_token", away)
        assert "could not be tried" in house.said(house.post("cascade_na", "collect"))
    assert waiting(queue) == 1
    house.post("cascade_na", "collect")
    assert house.stored("cascade_na").password == new


def test_a_connection_that_the_user_may_not_edit_is_left(
    house: House, queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tieout.web import app

    for name in ("aurora_na", "dorado_eu"):  # of one application, whose secret an earlier test may have rotated
        for notification in sent(house):
            content = notification["payload"]["applicationOAuthClientNewSecret"]
            if content["clientId"] == house.accounts[name]["client_id"]:
                house.accounts[name]["client_secret"] = content["newClientSecret"]
    connect(house, "aurora_na", "dorado_eu")
    allowed = app.may_edit
    with monkeypatch.context() as patch:
        patch.setattr(app, "may_edit", lambda user, name: name != "tieout_dorado_eu" and allowed(user, name))
        before = len(sent(house))
        page = house.said(house.post("aurora_na", "rotate"))
        assert "1 other connections of this application are not yours to edit" in page
        assert len(sent(house)) == before
    new = rotated(house, "aurora_na", queue)
    with monkeypatch.context() as patch:
        patch.setattr(app, "may_edit", lambda user, name: name != "tieout_dorado_eu" and allowed(user, name))
        page = house.said(house.post("aurora_na", "collect"))
        assert "is stored in tieout_aurora_na; " in page
        assert "stays in the queue for it" in page
    assert house.stored("aurora_na").password == new
    assert house.stored("dorado_eu").password == house.accounts["dorado_eu"]["client_secret"]
    assert waiting(queue) == 1
    house.post("dorado_eu", "collect")
    assert house.stored("dorado_eu").password == new
    assert waiting(queue) == 0


@pytest.mark.parametrize(
    ("statement", "others"),
    [
        ({"Principal": {"AWS": "arn:aws:iam::437568002678:root"}, "Action": "sqs:SendMessage"}, []),
        ({"Principal": {"AWS": ["123456789012"]}, "Action": "SQS:*"}, []),
        ({"Principal": "*", "Action": ["sqs:Send*"]}, ["everybody"]),
        ({"Principal": {"AWS": "*"}, "Action": "*", "Condition": {"Bool": {}}}, ["everybody under a condition"]),
        ({"Principal": "*", "Action": "sqs:ReceiveMessage"}, []),
        ({"Principal": "*", "NotAction": "sqs:DeleteMessage"}, ["everybody"]),
        ({"NotPrincipal": {"AWS": "1"}, "Action": "sqs:*"}, ["everybody with exceptions"]),
        (
            {"Principal": {"AWS": "arn:aws:iam::999999999999:user/eve"}, "Action": "sqs:sendmessage"},
            ["arn:aws:iam::999999999999:user/eve"],
        ),
        ({"Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}, ["sns.amazonaws.com"]),
    ],
)
def test_who_may_send_to_the_queue(statement: dict[str, Any], others: list[str]) -> None:
    from tieout.amazon.queue_policy import other_senders

    policy = json.dumps({"Statement": {"Effect": "Allow", **statement}})
    assert other_senders(policy, "123456789012") == others
    assert other_senders(None, "123456789012") == []
    assert other_senders("{", "123456789012") == ["a policy that cannot be read"]


def test_the_doctor_looks_at_the_queue(queue: Any) -> None:
    from tieout.hooks.doctor import _secret_queue

    (good,) = _secret_queue()
    assert good.verdict.value == "ok"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    queue.set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy})
    (bad,) = _secret_queue()
    assert (bad.verdict.value, bad.said) == ("open to others", "its policy lets send: everybody")
    assert "437568002678" in bad.remedy
