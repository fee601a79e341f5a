"""What Tieout adds to Airflow as a provider: two connection types with their forms and Test buttons; a command.

Airflow finds it by the entry point in `plugins/tieout-1.0.0.dist-info`. That folder stands beside the package, so
whatever has `plugins` on its path has the connection type too, and nothing has to be installed. Airflow reads the form
from here without importing the hook.
"""

from __future__ import annotations

from typing import Any

CONNECTION_TYPE = "selling_partner"
HOOK_NAME = "Amazon Selling Partner"
APPSTORE_CONNECTION_TYPE = "amazon_appstore"
APPSTORE_HOOK_NAME = "Amazon Appstore"
REFUSED = "Anything else is refused, unless the deployment has a simulated Amazon (TIEOUT_SIMULATED_AMAZON)."


def provider_info() -> dict[str, Any]:
    """Return what Airflow's ProvidersManager asks of a provider (`airflow/provider_info.schema.json`)."""
    return {
        "package-name": "tieout",
        "name": "Tieout",
        "description": "What Amazon says about a seller's money, tied out to the cent.",
        "cli": ["tieout.cli.commands"],
        "connection-types": [
            {
                "connection-type": CONNECTION_TYPE,
                "hook-class-name": "tieout.hooks.selling_partner.SellingPartnerConnection",
                "hook-name": HOOK_NAME,
                "ui-field-behaviour": {
                    "hidden-fields": ["port", "schema"],
                    "relabeling": {
                        "login": "Client id",
                        "password": "Client secret",
                        "host": "Endpoint (simulated Amazon only)",
                    },
                    "placeholders": {
                        "login": "amzn1.application-oa2-client...",
                        "password": "amzn1.oa2-cs.v1...",
                        "host": "leave empty: the region says it",
                    },
                },
                "conn-fields": {
                    "refresh_token": _text(
                        "Refresh token",
                        "The seller's consent, Atzr|... Leave it empty and let the seller authorize the application on "
                        "the page Seller accounts.",
                        format="password",
                    ),
                    "application_id": _text(
                        "Application id", "amzn1.sp.solution... from the developer console; the consent page needs it."
                    ),
                    "region": _text(
                        "Region",
                        "NA, EU or FE. It has to be the account's region in the accounts file.",
                        enum=["NA", "EU", "FE"],
                    ),
                    "environment": _text(
                        "Environment",
                        "The sandbox answers with samples and has no settlement reports: nothing can be tied out with "
                        "it. Leave it at production for real work.",
                        enum=["production", "sandbox"],
                        default="production",
                    ),
                    "draft": {
                        "label": "Draft application",
                        "description": "Not published in the Appstore: consent is asked for with version=beta.",
                        "schema": {"type": ["boolean", "null"], "default": False},
                    },
                    "rotated_on": _text(
                        "Client secret made on",
                        "The day on which the secret was made or last rotated. It dies after 180 days; you are told "
                        "from 30 days before.",
                        format="date",
                    ),
                    "selling_partner_id": _text(
                        "Selling partner id", "The seller who gave the consent; filled in by the page Seller accounts."
                    ),
                    "authorized_at": _text("Authorized at", "When; filled in by the page Seller accounts."),
                    "login_endpoint": _text(
                        "Login endpoint (simulated Amazon only)", "Leave it empty: https://api.amazon.com. " + REFUSED
                    ),
                    "seller_central": _text(
                        "Seller Central (simulated Amazon only)", "Leave it empty: the marketplace says it. " + REFUSED
                    ),
                    "clock": _text(
                        "Clock (simulated Amazon only)",
                        "Leave it empty: Amazon's clock is the machine's clock. " + REFUSED,
                    ),
                },
            },
            {
                "connection-type": APPSTORE_CONNECTION_TYPE,
                "hook-class-name": "tieout.hooks.appstore.AppstoreProfile",
                "hook-name": APPSTORE_HOOK_NAME,
                "ui-field-behaviour": {
                    "hidden-fields": ["port", "schema"],
                    "relabeling": {
                        "login": "Client id",
                        "password": "Client secret",
                        "host": "Endpoint (simulated Amazon only)",
                    },
                    "placeholders": {
                        "login": "amzn1.application-oa2-client...",
                        "password": "of the security profile's Web Settings",
                        "host": "leave empty: https://developer.amazon.com",
                    },
                },
                "conn-fields": {
                    "login_endpoint": _text(
                        "Login endpoint (simulated Amazon only)", "Leave it empty: https://api.amazon.com. " + REFUSED
                    ),
                    "clock": _text(
                        "Clock (simulated Amazon only)",
                        "Leave it empty: Amazon's clock is the machine's clock. " + REFUSED,
                    ),
                },
            },
        ],
    }


def _text(label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": ["string", "null"], **schema}}
