-- core.storage_fee
--
-- What a product's storage cost a month in each fulfilment centre, as Amazon estimates it about the 10th of the month
-- after, finer than cents. What was charged stands in the settlement.
--
-- Grain:   one row a month, product and fulfilment centre
-- Key:     document_id, line_no
-- Inputs:  staging.storage_fees
-- Written: merged by month, asin, fnsku, fulfillment_center, country
--
-- Columns:
--   region                            | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                           | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids                   | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id                       | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no                           | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                             | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   month                             | DATE                 | First day of the month that is charged; null when the report writes it in another way than `2026-08`.
--   month_of_charge                   | VARCHAR NOT NULL     | The month that is charged, as the report writes it.
--   fulfillment_center                | VARCHAR              | The fulfilment centre, by Amazon's code.
--   country                           | VARCHAR              | Country of the fulfilment centre, ISO 3166.
--   fnsku                             | VARCHAR              | Amazon's id of the seller's stock.
--   asin                              | VARCHAR              | Amazon's id of the product.
--   product_name                      | VARCHAR              | Title of the product.
--   average_quantity_on_hand          | DECIMAL(38,10)       | Units on hand, as an average of the month; no money.
--   average_quantity_pending_removal  | DECIMAL(38,10)       | Units that wait for their removal, as an average of the month; no money.
--   item_volume                       | DECIMAL(38,10)       | Volume of a unit, in `volume_units`; no money.
--   total_volume                      | DECIMAL(38,10)       | Volume of all units, in `volume_units`; no money.
--   volume_units                      | VARCHAR              | Unit of the volumes, in Amazon's words.
--   product_size_tier                 | VARCHAR              | Size tier by which fees are told, in Amazon's words.
--   currency                          | VARCHAR              | Currency of all amounts of the row, ISO 4217.
--   storage_rate                      | DECIMAL(38,10)       | Fee of a unit of volume and month, in `currency`.
--   estimated_fee                     | DECIMAL(38,10)       | Fee of the month, in `currency`, finer than cents, positive as Amazon writes it: money that the seller is to pay.
--   surcharge                         | DECIMAL(38,10)       | Surcharge by the utilisation of the space, in `currency`; null when the report does not tell.
--   incentive                         | DECIMAL(38,10)       | Discount of an incentive, in `currency`; null when the report does not tell.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  try_cast(r.month_of_charge || '-01' AS DATE) AS month,
  r.month_of_charge,
  r.fulfillment_center,
  r.country_code AS country,
  r.fnsku,
  r.asin,
  r.product_name,
  r.average_quantity_on_hand,
  r.average_quantity_pending_removal,
  r.item_volume,
  r.estimated_total_item_volume AS total_volume,
  r.volume_units,
  r.product_size_tier,
  r.currency,
  r.storage_rate,
  r.estimated_monthly_storage_fee AS estimated_fee,
  r.estimated_surcharge AS surcharge,
  r.total_incentive_fee_amount AS incentive
FROM staging.storage_fees AS r
