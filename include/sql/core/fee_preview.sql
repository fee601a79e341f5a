-- core.fee_preview
--
-- What Amazon expects to charge for selling one unit, as of a day: an estimate, asked for daily and kept side by side by
-- day. Fees are positive as Amazon writes them: money that the seller is to pay.
--
-- Grain:   one row a day, SKU and store
-- Key:     document_id, line_no
-- Inputs:  staging.fee_preview
-- Written: snapshot by as_of_day
--
-- Columns:
--   region                    | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                   | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids           | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id               | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no                   | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                     | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   as_of_day                 | DATE NOT NULL        | Day on which the report was made, UTC.
--   month                     | DATE NOT NULL        | First day of that day's month.
--   sku                       | VARCHAR NOT NULL     | The seller's stock-keeping unit.
--   fnsku                     | VARCHAR              | Amazon's id of the seller's stock.
--   asin                      | VARCHAR              | Amazon's id of the product.
--   store                     | VARCHAR              | Amazon's name of the store, e.g. `DE`; null where the report has no such column.
--   product_name              | VARCHAR              | Title of the product.
--   product_group             | VARCHAR              | Amazon's product group.
--   product_size_tier         | VARCHAR              | Size tier by which fees are told, in Amazon's words.
--   currency                  | VARCHAR              | Currency of all amounts of the row, ISO 4217.
--   your_price                | DECIMAL(18,2)        | The seller's price of one unit, in `currency`.
--   sales_price               | DECIMAL(18,2)        | Price with the discount that holds now, in `currency`.
--   estimated_fee_total       | DECIMAL(18,2)        | All fees of one unit, in `currency`; null when Amazon cannot tell.
--   estimated_referral_fee    | DECIMAL(18,2)        | Referral fee of one unit, in `currency`; null when Amazon cannot tell.
--   estimated_closing_fee     | DECIMAL(18,2)        | Variable closing fee of one unit, in `currency`; null when Amazon cannot tell.
--   expected_fulfillment_fee  | DECIMAL(18,2)        | Fulfilment fee of one unit in the store's own country, in `currency`; null when Amazon cannot tell.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.as_of_day,
  CAST(date_trunc('month', r.as_of_day) AS DATE) AS month,
  r.sku,
  r.fnsku,
  r.asin,
  r.amazon_store AS store,
  r.product_name,
  r.product_group,
  r.product_size_tier,
  r.currency,
  r.your_price,
  r.sales_price,
  r.estimated_fee_total,
  r.estimated_referral_fee_per_unit AS estimated_referral_fee,
  r.estimated_variable_closing_fee AS estimated_closing_fee,
  coalesce(r.expected_fulfillment_fee_per_unit, r.expected_domestic_fulfillment_fee_per_unit) AS expected_fulfillment_fee
FROM staging.fee_preview AS r
