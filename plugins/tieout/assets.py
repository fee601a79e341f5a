"""What the region DAGs publish and the warehouse DAG waits for."""

from __future__ import annotations

from airflow.sdk import Asset

from tieout.documents import SELLING_PARTNER_REGIONS

SETTLEMENTS = {
    region: Asset(
        name=f"settlements_{region.value.lower()}",
        uri=f"s3://tieout-lake/outcomes/{region.value}",
        group="settlements",
    )
    for region in SELLING_PARTNER_REGIONS
}
APPSTORE = Asset(name="appstore", uri="s3://tieout-lake/outcomes/APPSTORE", group="appstore")
