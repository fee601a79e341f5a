-- core.long_term_storage_fee
--
-- What was charged for stock by its age (aged inventory surcharge), on the day of the snapshot.
--
-- Grain:   one row a snapshot, SKU, country and age
-- Key:     document_id, line_no
-- Inputs:  staging.long_term_storage_fees
-- Written: merged by snapshot_on, sku, fnsku, country, complete by snapshot_on
--
-- Columns:
--   region           | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account          | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids  | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id      | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no          | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of            | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   snapshot_on      | DATE NOT NULL        | Day of the snapshot, as the report writes it.
--   sku              | VARCHAR              | The seller's stock-keeping unit.
--   fnsku            | VARCHAR NOT NULL     | Amazon's id of the seller's stock.
--   asin             | VARCHAR              | Amazon's id of the product.
--   condition        | VARCHAR              | Condition of the units, in Amazon's words.
--   country          | VARCHAR              | Country, ISO 3166; null when the report does not tell.
--   age_tier         | VARCHAR              | The age for which it is charged, in Amazon's words; null when the report does not tell.
--   quantity         | BIGINT               | Units that are charged.
--   volume_per_unit  | DECIMAL(38,10)       | Volume of a unit, in `volume_unit`; no money.
--   volume_unit      | VARCHAR              | Unit of the volume, in Amazon's words.
--   currency         | VARCHAR              | Currency of all amounts of the row, ISO 4217.
--   amount           | DECIMAL(38,10)       | What was charged, in `currency`, finer than cents, positive as Amazon writes it: money that the seller pays.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.snapshot_day AS snapshot_on,
  r.sku,
  r.fnsku,
  r.asin,
  r.condition,
  r.country,
  r.surcharge_age_tier AS age_tier,
  r.qty_charged AS quantity,
  r.per_unit_volume AS volume_per_unit,
  r.volume_unit,
  r.currency,
  r.amount_charged AS amount
FROM staging.long_term_storage_fees AS r
