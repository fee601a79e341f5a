-- core.vat_transaction
--
-- Every sale, refund and movement of stock that matters to VAT in Europe, a month at a time, as Amazon tells it for the
-- seller's returns. `tax_collection_responsibility` says who owes the tax: `SELLER`, or `MARKETPLACE` where Amazon is
-- the deemed supplier.
--
-- Grain:   one row an item of a transaction
-- Key:     document_id, line_no
-- Inputs:  staging.vat_transactions
-- Written: merged by transaction_type, transaction_event_id, activity_transaction_id, sku, departure_country
--
-- Columns:
--   region                         | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                        | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids                | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id                    | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no                        | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                          | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   activity_period                | VARCHAR              | The month, as the report writes it, e.g. `2026-AUG`.
--   month                          | DATE                 | First day of the month of the tax point; of the tax calculation when that is not known.
--   program_type                   | VARCHAR              | `REGULAR` or another programme, in Amazon's words.
--   marketplace                    | VARCHAR              | The marketplace, in Amazon's words, e.g. `amazon.de`.
--   transaction_type               | VARCHAR NOT NULL     | What it is, in Amazon's words: `SALE`, `REFUND`, `RETURN`, `FC_TRANSFER`, `INBOUND` and others.
--   transaction_event_id           | VARCHAR              | Amazon's id of the event; the order's id for sales.
--   activity_transaction_id        | VARCHAR              | Amazon's id of the activity.
--   tax_calculation_on             | DATE                 | Day by which the tax was calculated.
--   departed_on                    | DATE                 | Day on which the goods left.
--   arrived_on                     | DATE                 | Day on which the goods arrived.
--   completed_on                   | DATE                 | Day on which the transaction was complete: the tax point.
--   sku                            | VARCHAR              | The seller's stock-keeping unit.
--   asin                           | VARCHAR              | Amazon's id of the product.
--   quantity                       | BIGINT               | Units.
--   currency                       | VARCHAR              | Currency of all amounts of the row but the converted one, ISO 4217.
--   vat_rate                       | DECIMAL(38,10)       | Rate of VAT on the items, e.g. 0.19; no money.
--   amount_excl_vat                | DECIMAL(18,2)        | Value of the activity without VAT, in `currency`.
--   vat_amount                     | DECIMAL(18,2)        | VAT of the activity, in `currency`.
--   amount_incl_vat                | DECIMAL(18,2)        | Value of the activity with VAT, in `currency`.
--   cost_price                     | DECIMAL(18,2)        | Cost of the items for a movement of the seller's own stock, in `currency`; null when it is not known.
--   departure_country              | VARCHAR              | Country that the goods left, ISO 3166.
--   arrival_country                | VARCHAR              | Country in which they arrived, ISO 3166.
--   sale_departure_country         | VARCHAR              | Country from which a sale was shipped, ISO 3166.
--   sale_arrival_country           | VARCHAR              | Country to which a sale was shipped, ISO 3166.
--   seller_vat_number_country      | VARCHAR              | Country of the seller's VAT registration that the transaction is under.
--   seller_vat_number              | VARCHAR              | That registration.
--   buyer_vat_number_country       | VARCHAR              | Country of the buyer's VAT registration; null for consumers.
--   taxable_jurisdiction           | VARCHAR              | Where the tax is owed, in Amazon's words.
--   export_outside_eu              | VARCHAR              | Whether it is an export, in Amazon's words.
--   tax_reporting_scheme           | VARCHAR              | How it is to be reported, in Amazon's words, e.g. `REGULAR` or `UNION-OSS`.
--   tax_collection_responsibility  | VARCHAR              | Who owes the tax, in Amazon's words: `SELLER` or `MARKETPLACE`.
--   invoice_number                 | VARCHAR              | The VAT invoice.
--   invoice_currency               | VARCHAR              | Currency of the converted amount, ISO 4217.
--   invoice_vat_amount             | DECIMAL(18,2)        | VAT as it stands on the invoice, in the currency `invoice_currency`; null when it was not converted.
--   invoice_exchange_rate          | DECIMAL(38,10)       | Amazon's rate from `currency` to `invoice_currency`; null when it was not converted.
--   invoice_exchange_rate_on       | DATE                 | Day of that rate.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.activity_period,
  CAST(date_trunc('month', coalesce(r.transaction_complete_date, r.tax_calculation_date)) AS DATE) AS month,
  r.program_type,
  r.marketplace,
  r.transaction_type,
  r.transaction_event_id,
  r.activity_transaction_id,
  r.tax_calculation_date AS tax_calculation_on,
  r.transaction_depart_date AS departed_on,
  r.transaction_arrival_date AS arrived_on,
  r.transaction_complete_date AS completed_on,
  r.seller_sku AS sku,
  r.asin,
  r.qty AS quantity,
  r.transaction_currency_code AS currency,
  r.price_of_items_vat_rate_percent AS vat_rate,
  r.total_activity_value_amt_vat_excl AS amount_excl_vat,
  r.total_activity_value_vat_amt AS vat_amount,
  r.total_activity_value_amt_vat_incl AS amount_incl_vat,
  r.cost_price_of_items AS cost_price,
  r.departure_country,
  r.arrival_country,
  r.sale_depart_country AS sale_departure_country,
  r.sale_arrival_country,
  r.transaction_seller_vat_number_country AS seller_vat_number_country,
  r.transaction_seller_vat_number AS seller_vat_number,
  r.buyer_vat_number_country,
  r.taxable_jurisdiction,
  r.export_outside_eu,
  r.tax_reporting_scheme,
  r.tax_collection_responsibility,
  r.vat_inv_number AS invoice_number,
  r.vat_inv_currency_code AS invoice_currency,
  r.vat_inv_converted_amt AS invoice_vat_amount,
  r.vat_inv_exchange_rate AS invoice_exchange_rate,
  r.vat_inv_exchange_rate_date AS invoice_exchange_rate_on
FROM staging.vat_transactions AS r
