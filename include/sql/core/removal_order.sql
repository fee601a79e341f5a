-- core.removal_order
--
-- What the seller had Amazon send back or dispose of: the lines of removal orders, in the state in which Amazon told them
-- last. A report holds the orders that were placed in its window, each with all of its lines, and an order stays in it
-- whatever becomes of it: a cancelled one, too. So the newest report that has an order tells all of it, and an order that a
-- newer one leaves out is not gone.
--
-- Grain:   one row a line of a removal order
-- Key:     document_id, line_no
-- Inputs:  staging.removal_orders
-- Written: merged by order_id
--
-- Columns:
--   region               | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account              | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids      | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id          | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no              | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   requested_on         | DATE NOT NULL        | Day on which the order was placed, as the report writes it, in its time zone.
--   requested_at         | TIMESTAMPTZ          | When it was placed, UTC; null when the report names no time zone.
--   order_id             | VARCHAR NOT NULL     | Id of the removal order: Amazon's, or one that the seller chose.
--   order_source         | VARCHAR              | Who placed it, in Amazon's words; null when the report does not tell.
--   order_type           | VARCHAR              | `Return` or `Disposal`, or another of Amazon's words.
--   service_speed        | VARCHAR              | How fast it is sent, in Amazon's words; null when the report does not tell.
--   order_status         | VARCHAR              | State of the order, in Amazon's words, e.g. `Completed`.
--   last_updated_at      | TIMESTAMPTZ          | When the order changed last, UTC; null when the report names no time zone.
--   sku                  | VARCHAR              | The seller's stock-keeping unit.
--   fnsku                | VARCHAR              | Amazon's id of the seller's stock.
--   disposition          | VARCHAR              | State of the units, in Amazon's words, e.g. `Unsellable`.
--   requested_quantity   | BIGINT               | Units that are to be removed.
--   cancelled_quantity   | BIGINT               | Units of them that stay after all.
--   disposed_quantity    | BIGINT               | Units that Amazon disposed of.
--   shipped_quantity     | BIGINT               | Units that were sent to the seller.
--   in_process_quantity  | BIGINT               | Units that are still to be sent or disposed of.
--   currency             | VARCHAR              | Currency of the fee, ISO 4217; null when there is no fee.
--   removal_fee          | DECIMAL(18,2)        | What is charged for the line, in `currency`, positive as Amazon writes it: money that the seller pays; null while it is not known.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.requested_day AS requested_on,
  r.requested_at,
  r.order_id,
  r.order_source,
  r.order_type,
  r.service_speed,
  r.order_status,
  r.last_updated_at,
  r.sku,
  r.fnsku,
  r.disposition,
  r.requested_quantity,
  r.cancelled_quantity,
  r.disposed_quantity,
  r.shipped_quantity,
  r.in_process_quantity,
  r.currency,
  r.removal_fee
FROM staging.removal_orders AS r
