-- core.stock_movement
--
-- Every movement of stock in Amazon's fulfilment centres, from the inventory ledger's detail, of the last 18 months.
-- Equal rows exist: two receipts of one unit each are two movements.
--
-- Grain:   one row a movement
-- Key:     document_id, line_no
-- Inputs:  staging.ledger_detail
-- Written: merged by day, moved_at, fnsku, sku, event_type, reference_id, fulfillment_center, disposition, complete by day
--
-- Columns:
--   region                 | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids        | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id            | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no                | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                  | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   day                    | DATE NOT NULL        | Day of the movement, as the report writes it.
--   moved_at               | TIMESTAMPTZ          | When it moved, UTC; null when the report names no time or no time zone.
--   sku                    | VARCHAR              | The seller's stock-keeping unit.
--   fnsku                  | VARCHAR NOT NULL     | Amazon's id of the seller's stock.
--   asin                   | VARCHAR              | Amazon's id of the product.
--   title                  | VARCHAR              | Title of the product.
--   event_type             | VARCHAR NOT NULL     | What moved it, in Amazon's words, e.g. `Receipts`, `Shipments`, `CustomerReturns` or `Adjustments`.
--   reference_id           | VARCHAR              | What the movement refers to: a shipment, a removal, an adjustment.
--   quantity               | BIGINT               | Units, positive into the fulfilment centre.
--   fulfillment_center     | VARCHAR              | The fulfilment centre, by Amazon's code.
--   disposition            | VARCHAR              | State of the units, in Amazon's words, e.g. `SELLABLE`.
--   reason                 | VARCHAR              | Amazon's code of the reason of an adjustment.
--   country                | VARCHAR              | Country of the fulfilment centre, ISO 3166.
--   reconciled_quantity    | BIGINT               | Units of the movement that are accounted for; null when the report does not tell.
--   unreconciled_quantity  | BIGINT               | Units of it that are not; null when the report does not tell.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.date AS day,
  r.moved_at,
  r.msku AS sku,
  r.fnsku,
  r.asin,
  r.title,
  r.event_type,
  r.reference_id,
  r.quantity,
  r.fulfillment_center,
  r.disposition,
  r.reason,
  r.country,
  r.reconciled_quantity,
  r.unreconciled_quantity
FROM staging.ledger_detail AS r
