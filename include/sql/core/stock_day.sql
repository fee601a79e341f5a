-- core.stock_day
--
-- The balance of each SKU in the fulfilment centres of a country at the start and the end of a day, and what moved it,
-- from the inventory ledger's summary.
--
-- Grain:   one row a day, SKU, disposition and location
-- Key:     document_id, line_no
-- Inputs:  staging.ledger_summary
-- Written: merged by day, fnsku, sku, disposition, location, complete by day
--
-- Columns:
--   region              | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account             | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids     | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id         | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no             | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of               | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   day                 | DATE NOT NULL        | The day, as the report writes it.
--   sku                 | VARCHAR              | The seller's stock-keeping unit.
--   fnsku               | VARCHAR NOT NULL     | Amazon's id of the seller's stock.
--   asin                | VARCHAR              | Amazon's id of the product.
--   disposition         | VARCHAR NOT NULL     | State of the units, in Amazon's words, e.g. `SELLABLE`.
--   location            | VARCHAR              | Country or fulfilment centre, as the report was asked for.
--   starting_balance    | BIGINT               | Units at the start of the day.
--   in_transit          | BIGINT               | Units between fulfilment centres; they are not in the balances.
--   receipts            | BIGINT               | Units received.
--   customer_shipments  | BIGINT               | Units shipped to buyers, negative.
--   customer_returns    | BIGINT               | Units that buyers sent back.
--   vendor_returns      | BIGINT               | Units removed to the seller, negative.
--   transfers           | BIGINT               | Units moved between fulfilment centres.
--   found               | BIGINT               | Units found.
--   lost                | BIGINT               | Units lost, negative.
--   damaged             | BIGINT               | Units damaged.
--   disposed            | BIGINT               | Units disposed of, negative.
--   other_events        | BIGINT               | Units moved by other events.
--   unknown_events      | BIGINT               | Units moved by events that Amazon does not know.
--   ending_balance      | BIGINT               | Units at the end of the day.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.date AS day,
  r.msku AS sku,
  r.fnsku,
  r.asin,
  r.disposition,
  r.location,
  r.starting_warehouse_balance AS starting_balance,
  r.in_transit_between_warehouses AS in_transit,
  r.receipts,
  r.customer_shipments,
  r.customer_returns,
  r.vendor_returns,
  r.warehouse_transfer_in_out AS transfers,
  r.found,
  r.lost,
  r.damaged,
  r.disposed,
  r.other_events,
  r.unknown_events,
  r.ending_warehouse_balance AS ending_balance
FROM staging.ledger_summary AS r
