-- core.vat_tax_line
--
-- What the VAT calculation service calculated: one row an item and jurisdiction of a shipment, return or refund. Prices
-- are of items, shipping and gift wrap apart; promotions are told apart from prices, and are negative.
--
-- Grain:   one row an item and jurisdiction of a transaction
-- Key:     document_id, line_no
-- Inputs:  staging.vat_tax
-- Written: merged by transaction_type, transaction_id, order_id, shipment_id, sku
--
-- Columns:
--   region                         | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                        | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids                | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id                    | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no                        | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                          | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   marketplace_id                 | VARCHAR              | Amazon's id of the marketplace.
--   transaction_type               | VARCHAR NOT NULL     | `SHIPMENT`, `RETURN` or `REFUND`, in Amazon's words.
--   transaction_id                 | VARCHAR              | Amazon's id of the transaction.
--   order_id                       | VARCHAR NOT NULL     | Amazon's id of the order.
--   ordered_on                     | DATE                 | Day of the order.
--   shipped_on                     | DATE                 | Day of the shipment.
--   calculated_on                  | DATE                 | Day by which the tax was calculated.
--   shipment_id                    | VARCHAR              | Amazon's id of the shipment.
--   sku                            | VARCHAR              | The seller's stock-keeping unit.
--   asin                           | VARCHAR              | Amazon's id of the product.
--   quantity                       | BIGINT               | Units.
--   currency                       | VARCHAR              | Currency of all amounts of the row but the converted one, ISO 4217.
--   tax_rate                       | DECIMAL(38,10)       | Rate of the tax, e.g. 0.19; no money.
--   tax_type                       | VARCHAR              | The tax, in Amazon's words, e.g. `VAT`.
--   tax_reporting_scheme           | VARCHAR              | How it is to be reported, in Amazon's words.
--   tax_collection_responsibility  | VARCHAR              | Who owes the tax, in Amazon's words.
--   jurisdiction_level             | VARCHAR              | Level of the jurisdiction, in Amazon's words.
--   jurisdiction_name              | VARCHAR              | The jurisdiction, in Amazon's words.
--   item_excl_tax                  | DECIMAL(18,2)        | Items, without tax, in `currency`; null when it is not known.
--   item_tax                       | DECIMAL(18,2)        | Items, tax, in `currency`; null when it is not known.
--   item_promotion_excl_tax        | DECIMAL(18,2)        | Items, promotion without tax, in `currency`; null when it is not known.
--   item_promotion_tax             | DECIMAL(18,2)        | Items, tax of the promotion, in `currency`; null when it is not known.
--   shipping_excl_tax              | DECIMAL(18,2)        | Shipping, without tax, in `currency`; null when it is not known.
--   shipping_tax                   | DECIMAL(18,2)        | Shipping, tax, in `currency`; null when it is not known.
--   shipping_promotion_excl_tax    | DECIMAL(18,2)        | Shipping, promotion without tax, in `currency`; null when it is not known.
--   shipping_promotion_tax         | DECIMAL(18,2)        | Shipping, tax of the promotion, in `currency`; null when it is not known.
--   gift_wrap_excl_tax             | DECIMAL(18,2)        | Gift wrap, without tax, in `currency`; null when it is not known.
--   gift_wrap_tax                  | DECIMAL(18,2)        | Gift wrap, tax, in `currency`; null when it is not known.
--   gift_wrap_promotion_excl_tax   | DECIMAL(18,2)        | Gift wrap, promotion without tax, in `currency`; null when it is not known.
--   gift_wrap_promotion_tax        | DECIMAL(18,2)        | Gift wrap, tax of the promotion, in `currency`; null when it is not known.
--   seller_tax_registration        | VARCHAR              | The seller's registration.
--   seller_tax_country             | VARCHAR              | Jurisdiction of that registration.
--   ship_from_country              | VARCHAR              | Country that it was shipped from, ISO 3166.
--   ship_to_country                | VARCHAR              | Country that it was shipped to, ISO 3166.
--   invoice_number                 | VARCHAR              | The VAT invoice.
--   invoice_currency               | VARCHAR              | Currency of the converted amount, ISO 4217.
--   invoice_tax                    | DECIMAL(18,2)        | Tax as it stands on the invoice, in the currency `invoice_currency`; null when it was not converted.
--   export_outside_eu              | VARCHAR              | Whether it is an export, in Amazon's words.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.marketplace_id,
  r.transaction_type,
  r.transaction_id,
  r.order_id,
  r.order_date AS ordered_on,
  r.shipment_date AS shipped_on,
  r.tax_calculation_date AS calculated_on,
  r.shipment_id,
  r.sku,
  r.asin,
  r.quantity,
  r.currency,
  r.tax_rate,
  r.tax_type,
  r.tax_reporting_scheme,
  r.tax_collection_responsibility,
  r.jurisdiction_level,
  r.jurisdiction_name,
  r.our_price_tax_exclusive_selling_price AS item_excl_tax,
  r.our_price_tax_amount AS item_tax,
  r.our_price_tax_exclusive_promo_amount AS item_promotion_excl_tax,
  r.our_price_tax_amount_promo AS item_promotion_tax,
  r.shipping_tax_exclusive_selling_price AS shipping_excl_tax,
  r.shipping_tax_amount AS shipping_tax,
  r.shipping_tax_exclusive_promo_amount AS shipping_promotion_excl_tax,
  r.shipping_tax_amount_promo AS shipping_promotion_tax,
  r.giftwrap_tax_exclusive_selling_price AS gift_wrap_excl_tax,
  r.giftwrap_tax_amount AS gift_wrap_tax,
  r.giftwrap_tax_exclusive_promo_amount AS gift_wrap_promotion_excl_tax,
  r.giftwrap_tax_amount_promo AS gift_wrap_promotion_tax,
  r.seller_tax_registration,
  r.seller_tax_registration_jurisdiction AS seller_tax_country,
  r.ship_from_country,
  r.ship_to_country,
  r.vat_invoice_number AS invoice_number,
  r.invoice_level_currency_code AS invoice_currency,
  r.converted_tax_amount AS invoice_tax,
  r.export_outside_eu
FROM staging.vat_tax AS r
