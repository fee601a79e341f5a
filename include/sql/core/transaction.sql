-- core.transaction
--
-- Every movement of the balance as the Finances API tells it, deferred ones too. A sale that Amazon defers is told
-- twice: when it is shipped (`DEFERRED`, later `DEFERRED_RELEASED`), and when it is released (`RELEASED`); only the
-- second is in a settlement. What a transaction consists of stands in core.transaction_leaf.
--
-- Grain:   one row a transaction
-- Key:     document_id, line_no
-- Inputs:  staging.transactions
-- Written: merged by transaction_id, complete by posted_on
--
-- Columns:
--   region                   | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                  | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids          | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id              | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no                  | BIGINT NOT NULL      | Number of the row in the document, from 1.
--   as_of                    | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   transaction_id           | VARCHAR NOT NULL     | Amazon's id of the transaction; one that begins with `no-id-` when it has none.
--   transaction_type         | VARCHAR              | What it is, in Amazon's words, e.g. `Shipment` or `Refund`.
--   transaction_status       | VARCHAR              | `RELEASED`, `DEFERRED` or `DEFERRED_RELEASED`, in Amazon's words.
--   posted_on                | DATE                 | Day of the posting, UTC.
--   posted_at                | TIMESTAMPTZ          | When it was posted, UTC.
--   order_id                 | VARCHAR              | Amazon's id of the order; null for what concerns none.
--   settlement_id            | VARCHAR              | Amazon's id of the settlement that it is in; null while it is in none.
--   event_group_id           | VARCHAR              | Amazon's id of the event group that it is in; null while it is in none.
--   description              | VARCHAR              | What it is about, in Amazon's words.
--   currency                 | VARCHAR              | Currency of the amount, ISO 4217.
--   total_amount             | DECIMAL(18,2)        | Amount of the transaction, in `currency`, positive towards the seller.
--   sum_of_leaves            | DECIMAL(18,2)        | Sum of its leaves, in `currency`; null when it has none.
--   marketplace_id           | VARCHAR              | Amazon's id of the marketplace; null when it does not tell.
--   account_type             | VARCHAR              | Amazon's name of the line of settlements, e.g. `Standard Orders`; null when it does not tell.
--   deferral_reason          | VARCHAR              | Why it is deferred, in Amazon's words, e.g. `DD7`; null when it is not.
--   matures_on               | DATE                 | Day on which a deferred transaction is to be released, as Amazon writes it; null when it is not deferred.
--   matures_at               | TIMESTAMPTZ          | When a deferred transaction is to be released, UTC; null when it is not deferred, and when Amazon writes a date without a time.
--   deferred_transaction_id  | VARCHAR              | Of what was released: the transaction that was deferred.
--   release_transaction_id   | VARCHAR              | Of what was deferred: the transaction that released it.

WITH

-- Every row of a transaction repeats its head; 1 is the first
numbered AS (
  SELECT
    r.*,
    row_number() OVER (PARTITION BY r.document_id, r.transaction_id ORDER BY r.line_no) AS place,
    CAST(
      sum(CASE WHEN r.item_no IS NULL THEN r.leaf_amount END) OVER (PARTITION BY r.document_id, r.transaction_id)
      AS DECIMAL(18, 2)
    ) AS sum_of_leaves
  FROM staging.transactions AS r
)

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.transaction_id,
  r.transaction_type,
  r.transaction_status,
  r.posted_day AS posted_on,
  r.posted_at,
  r.order_id,
  r.settlement_id,
  r.event_group_id,
  r.description,
  r.currency,
  r.total_amount,
  r.sum_of_leaves,
  r.marketplace_id,
  r.account_type,
  r.deferral_reason,
  r.matures_day AS matures_on,
  r.matures_at,
  r.deferred_transaction_id,
  r.release_transaction_id
FROM numbered AS r
WHERE r.place = 1
