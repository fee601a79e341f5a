"""Who may send to the queue that client secrets come by: whoever may could send a secret that is none."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

AMAZONS_ACCOUNT = "437568002678"
"""The AWS account that the Selling Partner API sends notifications from (SP-API, "Set up notifications with Amazon SQS")."""
SEND = "sqs:sendmessage"


def other_senders(policy: str | None, owner: str) -> list[str]:
    """Return the principals that a queue's policy lets send, beside Amazon's account and the queue's own.

    Args:
        policy: The queue's attribute `Policy`, JSON; None if it has none, and only its own account may send.
        owner: The AWS account that the queue belongs to.
    """
    if not policy:
        return []
    try:
        content = json.loads(policy)
        statements = content["Statement"]
    except (ValueError, KeyError, TypeError):
        return ["a policy that cannot be read"]
    found: set[str] = set()
    for statement in _listed(statements):
        if statement.get("Effect") != "Allow" or not _may_send(statement):
            continue
        condition = " under a condition" if statement.get("Condition") else ""
        if "NotPrincipal" in statement:
            found.add(f"everybody with exceptions{condition}")
        for principal in _principals(statement.get("Principal")):
            if _account(principal) not in (AMAZONS_ACCOUNT, owner):
                found.add(f"{'everybody' if principal == '*' else principal}{condition}")
    return sorted(found)


def _may_send(statement: dict[str, Any]) -> bool:
    if "NotAction" in statement:
        return not any(fnmatchcase(SEND, str(each).lower()) for each in _listed(statement["NotAction"]))
    return any(fnmatchcase(SEND, str(each).lower()) for each in _listed(statement.get("Action")))


def _principals(given: Any) -> list[str]:
    if isinstance(given, dict):
        return [str(each) for values in given.values() for each in _listed(values)]
    return [str(each) for each in _listed(given)]


def _account(principal: str) -> str:
    """The account of `arn:aws:iam::<account>:root`, or of an account that is named by its number alone."""
    parts = principal.split(":")
    return parts[4] if len(parts) > 4 else principal


def _listed(given: Any) -> list[Any]:
    if given is None:
        return []
    return given if isinstance(given, list) else [given]
