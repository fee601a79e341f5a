-- core.fba_return
--
-- What buyers sent back to Amazon's fulfilment centres: one row a group of units that came back.
--
-- Grain:   one row a unit or group of units
-- Key:     document_id, line_no
-- Inputs:  staging.fba_returns
-- Written: merged by order_id, sku, fnsku, license_plate_number, returned_on, returned_at, complete by returned_on
--
-- Columns:
--   region                | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account               | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids       | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id           | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no               | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                 | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   returned_on           | DATE NOT NULL        | Day on which it came back, as the report writes it, in its time zone.
--   returned_at           | TIMESTAMPTZ          | When it came back, UTC; null when the report names no time zone.
--   order_id              | VARCHAR NOT NULL     | Amazon's id of the order.
--   sku                   | VARCHAR              | The seller's stock-keeping unit.
--   fnsku                 | VARCHAR              | Amazon's id of the seller's stock.
--   asin                  | VARCHAR              | Amazon's id of the product.
--   product_name          | VARCHAR              | Title of the product.
--   quantity              | BIGINT               | Units that came back.
--   fulfillment_center    | VARCHAR              | The fulfilment centre, by Amazon's code.
--   disposition           | VARCHAR              | State of the units, in Amazon's words, e.g. `SELLABLE` or `CUSTOMER_DAMAGED`.
--   reason                | VARCHAR              | Why the buyer sent it back, in Amazon's words.
--   status                | VARCHAR              | What became of it, in Amazon's words; null when the report does not tell.
--   license_plate_number  | VARCHAR              | Amazon's id of the unit of stock, which tells nothing of the buyer.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.returned_day AS returned_on,
  r.returned_at,
  r.order_id,
  r.sku,
  r.fnsku,
  r.asin,
  r.product_name,
  r.quantity,
  r.fulfillment_center_id AS fulfillment_center,
  r.detailed_disposition AS disposition,
  r.reason,
  r.status,
  r.license_plate_number
FROM staging.fba_returns AS r
