"""FBA customer returns: a row a unit group that came back to a fulfilment centre.

Columns: developer-docs.amazon.com/sp-api/docs/fba-concessions-reports-attributes. No identifier of the row; the plate is
that of the unit. The Spanish names are those of a public test set (github.com/aresstore).
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import DAILY_FBA, Family, Format, Obtained, Personal, Scope, instant, personal, text, whole

FAMILY = Family(
    name="fba_returns",
    title="a report of FBA customer returns",
    report_types=("GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA",),
    obtained=Obtained.REQUESTED,
    scope=Scope.MARKETPLACE,
    format=Format.TSV,
    also_in=(Format.CSV,),
    made_every=DAILY_FBA,
    dated_by="returned_day",
    restated_after=(dt.timedelta(days=60),),
    longest_window=dt.timedelta(days=60),
    overlap=dt.timedelta(days=30),
    earliest=dt.timedelta(days=540),
    columns=(
        instant("returned", "return-date", "fecha-de-devolucion", required=True),
        text("order_id", "identificador-del-pedido", "id de pedido", required=True),
        text("sku"),
        text("asin"),
        text("fnsku"),
        text("product_name", "nombre-del-producto"),
        whole("quantity", "cantidad"),
        text("fulfillment_center_id", "identificador-del-centro-logistico", "centro logístico"),
        text("detailed_disposition", "disposicion-detallada", "estado detallado", required=True),
        text("reason", "motivo"),
        text("status", "estado"),
        text("license_plate_number", "numero-de-matricula", "matrícula"),
        personal("customer_comments", Personal.FREE_TEXT, "comentarios-del-cliente"),
    ),
    key=("order_id", "sku", "fnsku", "license_plate_number", "returned_day"),
    repeats=True,
    recognised_by=("returned", "detailed_disposition"),
    filled=("returned", "order_id"),
)  # fmt: skip
