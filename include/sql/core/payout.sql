-- core.payout
--
-- Transfers to the seller's bank as the Transfers API tells them, with what became of each.
--
-- Grain:   one row a payout
-- Key:     document_id, line_no
-- Inputs:  staging.payouts
-- Written: merged by payout_id
--
-- Columns:
--   region             | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account            | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids    | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id        | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no            | BIGINT NOT NULL      | Number of the row in the document, from 1.
--   as_of              | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   payout_id          | VARCHAR NOT NULL     | Amazon's id of the payout; one that begins with `no-id-` when it has none.
--   settlement_id      | VARCHAR              | Amazon's id of the settlement that is paid; null when it does not tell.
--   event_group_id     | VARCHAR              | Amazon's id of the event group; null when it does not tell.
--   status             | VARCHAR              | What became of it, in Amazon's words, `STARTED`, `IN_TRANSIT`, `PAID`, `FAILED`, `CANCELLED` or `NO_PAYOUT`.
--   failure_reason     | VARCHAR              | Why it failed, in Amazon's words; null when it did not.
--   type               | VARCHAR              | `SCHEDULED` or `ON_DEMAND`, in Amazon's words; null when nothing was to be paid.
--   created_at         | TIMESTAMPTZ          | When it was begun, UTC.
--   status_changed_at  | TIMESTAMPTZ          | When its status changed last, UTC.
--   currency           | VARCHAR              | Currency of the amount, ISO 4217.
--   amount             | DECIMAL(18,2)        | What was paid, in `currency`; null when nothing was to be paid.
--   payment_method     | VARCHAR              | How, in Amazon's words.
--   account_tail       | VARCHAR              | Last letters of the bank account.
--   trace_id           | VARCHAR              | Id by which the bank finds the transfer.
--   marketplace_id     | VARCHAR              | Amazon's id of the marketplace; null when it does not tell.
--   account_type       | VARCHAR              | Amazon's name of the line of settlements, e.g. `Standard Orders`; null when it does not tell.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.payout_id,
  r.settlement_id,
  r.event_group_id,
  r.status,
  r.failure_reason,
  r.type,
  r.created_at,
  r.status_changed_at,
  r.currency,
  r.amount,
  r.payment_method,
  r.account_tail,
  r.trace_id,
  r.marketplace_id,
  r.account_type
FROM staging.payouts AS r
