"""Fee preview: what Amazon expects to charge for selling one unit of each SKU, as of the day of the report.

Columns: developer-docs.amazon.com/sp-api/docs/fba-payments-reports-attributes; they differ between America and Europe, and
Europe's are a row a SKU and store, with a column a country for fulfilment across borders. `--` stands for a fee that
Amazon cannot tell. The Spanish names are those of a public test set (github.com/aresstore).
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import Family, Format, Obtained, Scope, currency, decimal, money, text

_COUNTRIES = ("uk", "de", "fr", "it", "es", "se", "pl", "nl", "be", "ie", "tr")

FAMILY = Family(
    name="fee_preview",
    title="an FBA fee preview",
    report_types=("GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA",),
    obtained=Obtained.REQUESTED,
    scope=Scope.MARKETPLACE,
    format=Format.TSV,
    also_in=(Format.CSV,),
    made_every=dt.timedelta(days=1),  # since October 2025 (amzn/selling-partner-api-models#5024)
    delay=dt.timedelta(hours=72),
    nothing=("--",),
    columns=(
        text("sku", required=True),
        text("fnsku", required=True),
        text("asin"),
        text("amazon_store"),
        text("product_name", "nombre-del-producto"),
        text("product_group", "grupo-de-productos"),
        text("brand", "marca"),
        text("fulfilled_by", "gestionado-por"),
        text("has_local_inventory"),
        money("your_price", "tu-precio", required=True),
        money("sales_price", "precio-de-venta"),
        decimal("longest_side", "lado-mas-largo"),
        decimal("median_side", "lado-medio"),
        decimal("shortest_side", "lado-mas-corto"),
        decimal("length_and_girth", "largo-y-contorno"),
        text("unit_of_dimension", "unidad-de-dimension"),
        decimal("item_package_weight", "peso-del-paquete"),
        text("unit_of_weight", "unidad-de-peso"),
        text("product_size_tier", "product-size-weight-band", "nivel-de-tamano-del-producto"),
        currency("currency", "divisa"),
        money("estimated_fee_total", "total-estimado-de-tarifas", required=True),
        money("estimated_referral_fee_per_unit", "comision-por-recomendacion-estimada-por-unidad"),
        money("estimated_variable_closing_fee", "tarifa-variable-de-cierre-estimada"),
        money("estimated_order_handling_fee_per_order", "tarifa-de-gestion-de-pedido-estimada"),
        money("estimated_pick_pack_fee_per_unit", "tarifa-de-recogida-y-embalaje-estimada"),
        money("estimated_weight_handling_fee_per_unit", "tarifa-de-manipulacion-por-peso-estimada"),
        money("expected_fulfillment_fee_per_unit", "tarifa-de-gestion-logistica-prevista-por-unidad"),
        money("expected_domestic_fulfillment_fee_per_unit", "expected-domestic-fulfilment-fee-per-unit"),
        money("expected_remote_fulfillment_fee_per_unit", "expected-remote-fulfilment-fee-per-unit"),
        money("expected_efn_fulfillment_fee_per_unit", "expected-efn-fulfilment-fee-per-unit"),
        *(
            money(f"expected_efn_fulfillment_fee_per_unit_{each}", f"expected-efn-fulfilment-fee-per-unit-{each}")
            for each in _COUNTRIES
        ),
    ),
    key=("sku", "fnsku", "amazon_store"),
    repeats=True,
    recognised_by=("fnsku", "your_price", "estimated_fee_total"),
    filled=("sku",),
)  # fmt: skip
