-- core.event_group
--
-- Financial event groups: the periods that Amazon settles, with what was paid for each, as the Finances API tells them.
-- A second source of what settlement reports say. A total that Amazon leaves out is unknown.
--
-- Grain:   one row an event group
-- Key:     document_id, line_no
-- Inputs:  staging.event_groups
-- Written: merged by event_group_id
--
-- Columns:
--   region                | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account               | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids       | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id           | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no               | BIGINT NOT NULL      | Number of the row in the document, from 1.
--   as_of                 | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   event_group_id        | VARCHAR NOT NULL     | Amazon's id of the group; one that begins with `no-id-` when it has none.
--   processing_status     | VARCHAR              | `Open` or `Closed`, in Amazon's words.
--   fund_transfer_status  | VARCHAR              | State of the transfer, in Amazon's words; null while there is none.
--   fund_transfer_at      | TIMESTAMPTZ          | When it was transferred, UTC; null while it was not.
--   start_at              | TIMESTAMPTZ          | Start of the period, UTC.
--   end_at                | TIMESTAMPTZ          | End of the period, UTC; null while it is open.
--   currency              | VARCHAR              | Currency of the total and the beginning balance, ISO 4217.
--   original_total        | DECIMAL(18,2)        | What the period came to, in `currency`, positive towards the seller; null when Amazon does not tell.
--   beginning_balance     | DECIMAL(18,2)        | Balance at its start, in `currency`; null when Amazon does not tell.
--   converted_currency    | VARCHAR              | Currency in which it was transferred, ISO 4217.
--   converted_total       | DECIMAL(18,2)        | What was transferred, in the currency `converted_currency`; null when Amazon does not tell.
--   trace_id              | VARCHAR              | Id by which the bank finds the transfer.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.event_group_id,
  r.processing_status,
  r.fund_transfer_status,
  r.fund_transfer_at,
  r.start_at,
  r.end_at,
  r.currency,
  r.original_total,
  r.beginning_balance,
  r.converted_currency,
  r.converted_total,
  r.trace_id
FROM staging.event_groups AS r
