"""Who may do what in Airflow and on Tieout's pages: the roles that Tieout ships, and those of each client.

The names of actions and resources are those of Airflow's FAB auth manager, which is the documented one for production
(docs/users-and-clients.md). `airflow tieout sync-roles` writes the roles into Airflow's database; each DAG says which of
them may see and run it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

Permission = tuple[str, str]
"""An action and a resource of Airflow, such as `can_read` and `DAG Runs`."""

ALL_CLIENTS = "Tieout clients"
"""The resource of whoever may see the facts of every account."""


class RoleName(StrEnum):
    """The roles that Tieout ships, each above the one before it."""

    FINANCE_VIEWER = "Finance viewer"
    FINANCE_APPROVER = "Finance approver"
    DATA_ENGINEER = "Data engineer"
    ADMINISTRATOR = "Administrator"


def client_resource(client: str) -> str:
    """Return the resource of whoever may see the facts of one client's accounts."""
    return f"Tieout client {client}"


@dataclass(frozen=True)
class Role:
    """A role and what it permits.

    Attributes:
        name: As it stands in Airflow.
        permissions: What it may do, besides what the DAGs grant it.
        everything: Whether it may do all that Airflow knows, also what later versions add.
    """

    name: str
    permissions: frozenset[Permission]
    everything: bool = False


def _may(action: str, *resources: str) -> frozenset[Permission]:
    return frozenset((action, resource) for resource in resources)


_SIGNED_IN = (
    _may("can_read", "Website", "My Profile", "My Password")
    | _may("can_edit", "My Profile", "My Password")
    | _may("menu_access", "Docs", "Documentation")
)
"""Whoever is signed in sees the frame of the pages and their own profile."""

_SEES_RUNS = _may("can_read", "DAG Runs", "DAG Versions", "DAG Warnings", "Task Instances", "Assets", "Jobs") | _may(
    "menu_access", "DAGs", "DAG Runs", "Task Instances", "Assets", "Browse"
)
_RUNS = (
    _may("can_create", "DAG Runs", "Task Instances", "Backfills", "Assets")
    | _may("can_edit", "DAG Runs", "Task Instances", "Backfills")
    | _may("can_delete", "DAG Runs", "Task Instances", "Backfills")
    | _may("can_read", "Task Logs", "XComs", "DAG Code", "DAG Dependencies", "ImportError", "Backfills", "Pools")
    | _may("can_read", "Cluster Activity", "Asset Aliases")
    | _may("menu_access", "DAG Dependencies", "Cluster Activity", "Jobs")
)

SHIPPED = (
    Role(RoleName.FINANCE_VIEWER, _SIGNED_IN | _SEES_RUNS | _may("can_read", ALL_CLIENTS)),
    Role(
        RoleName.FINANCE_APPROVER,
        _SIGNED_IN
        | _SEES_RUNS
        | _may("can_read", ALL_CLIENTS, "Task Logs")
        | _may("can_edit", ALL_CLIENTS)
        | _may("can_create", "DAG Runs"),
    ),
    Role(RoleName.DATA_ENGINEER, _SIGNED_IN | _SEES_RUNS | _RUNS | _may("can_read", ALL_CLIENTS)),
    Role(RoleName.ADMINISTRATOR, frozenset(), everything=True),
)


def roles(clients: Iterable[str]) -> tuple[Role, ...]:
    """Return every role of a deployment: the four that Tieout ships, and two for each client.

    A client's roles open its own pages and files and none of Airflow's: a run and its log speak of every client.
    """
    found = list(SHIPPED)
    for client in clients:
        sees = _SIGNED_IN | _may("can_read", client_resource(client))
        found.append(Role(f"{RoleName.FINANCE_VIEWER} of {client}", sees))
        found.append(Role(f"{RoleName.FINANCE_APPROVER} of {client}", sees | _may("can_edit", client_resource(client))))
    return tuple(found)


def of_a_client(role: str) -> bool:
    """Whether a role is one that `roles` made for a client, present or past."""
    return bool(re.fullmatch(r"Finance (viewer|approver) of [a-z0-9_]+", role))


Access = dict[str, dict[str, set[str]]]
"""What Airflow's `access_control` of a DAG is: by role and resource, the actions."""


def for_engineers() -> Access:
    """Who may do what with a DAG that fetches, loads or keeps house: a data engineer runs it, finance sees it."""
    return {
        RoleName.FINANCE_VIEWER.value: {"DAGs": {"can_read"}},
        RoleName.FINANCE_APPROVER.value: {"DAGs": {"can_read"}},
        RoleName.DATA_ENGINEER.value: {"DAGs": {"can_read", "can_edit"}},
        RoleName.ADMINISTRATOR.value: {"DAGs": {"can_read", "can_edit", "can_delete"}},
    }


def for_approvers() -> Access:
    """Who may do what with a DAG that does what a person decides: an approver runs it, the others see it."""
    return for_engineers() | {
        RoleName.FINANCE_APPROVER.value: {"DAGs": {"can_read", "can_edit"}},
        RoleName.DATA_ENGINEER.value: {"DAGs": {"can_read"}},
    }
