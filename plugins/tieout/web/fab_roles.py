"""Tieout's roles in Airflow's database, for the FAB auth manager."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.configuration import conf

from tieout.roles import Role, of_a_client

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
_OF_A_DAG = ("DAG:", "DAG Run:")
"""How the resources begin that stand for one DAG: Airflow grants them as the DAG says, and they are left alone."""


class NoFab(RuntimeError):
    """Airflow runs with another auth manager, which has no roles in Airflow's database."""


def sync(wanted: Iterable[Role]) -> list[str]:
    """Make the roles of Airflow's database what they have to be, and leave alone those that are not Tieout's.

    A role that Tieout made for a client who is gone loses its permissions; its users and its name stay.

    Args:
        wanted: Every role of the deployment.

    Returns:
        What was changed, a line each.

    Raises:
        NoFab: If Airflow does not run with the FAB auth manager.
    """
    if conf.get("core", "auth_manager") != FAB:
        raise NoFab(f"Airflow's auth manager is {conf.get('core', 'auth_manager')}; roles are synced for {FAB}")
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        manager = builder.sm
        builder.add_permissions(update_perms=True)
        roles = tuple(wanted)
        names = {role.name for role in roles}
        changes = [change for role in roles if not role.everything for change in _sync(manager, role)]
        manager.sync_roles()  # Airflow's own role Admin gets every permission that there is now
        changes += [change for role in roles if role.everything for change in _sync(manager, role)]
        for found in manager.get_all_roles():
            if found.name not in names and of_a_client(found.name):
                changes += _sync(manager, Role(found.name, frozenset()))
        return changes


def _sync(manager: Any, role: Role) -> list[str]:
    found = manager.find_role(role.name)
    changes = [] if found else [f"{role.name}: made"]
    found = found or manager.add_role(role.name)
    has = {
        (each.action.name, each.resource.name): each
        for each in found.permissions
        if not each.resource.name.startswith(_OF_A_DAG)
    }
    permits = role.permissions
    if role.everything:
        permits = frozenset(
            (each.action.name, each.resource.name)
            for each in manager.find_role("Admin").permissions
            if not each.resource.name.startswith(_OF_A_DAG)
        )
    for action, resource in sorted(permits - has.keys()):
        manager.add_permission_to_role(found, manager.create_permission(action, resource))
        changes.append(f"{role.name}: may {action} {resource}")
    for action, resource in sorted(has.keys() - permits):
        manager.remove_permission_from_role(found, has[action, resource])
        changes.append(f"{role.name}: may no longer {action} {resource}")
    return changes
