-- core.transaction_leaf
--
-- What each transaction consists of: the leaves of Amazon's tree of breakdowns, which alone may be added up. The leaves
-- of the whole transaction have no `item_no`; each item tells the part of them that is its own once more. A transaction
-- or item without a breakdown is one row without a leaf.
--
-- Grain:   one row a leaf of a transaction, or of one of its items
-- Key:     document_id, line_no
-- Inputs:  staging.transactions
-- Written: merged by transaction_id, complete by posted_on
--
-- Columns:
--   region              | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account             | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids     | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id         | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no             | BIGINT NOT NULL      | Number of the row in the document, from 1.
--   as_of               | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   transaction_id      | VARCHAR NOT NULL     | Amazon's id of the transaction; one that begins with `no-id-` when it has none.
--   transaction_type    | VARCHAR              | What it is, in Amazon's words, e.g. `Shipment` or `Refund`.
--   transaction_status  | VARCHAR              | `RELEASED`, `DEFERRED` or `DEFERRED_RELEASED`, in Amazon's words.
--   posted_on           | DATE                 | Day of the posting, UTC.
--   posted_at           | TIMESTAMPTZ          | When it was posted, UTC.
--   order_id            | VARCHAR              | Amazon's id of the order; null for what concerns none.
--   settlement_id       | VARCHAR              | Amazon's id of the settlement that it is in; null while it is in none.
--   item_no             | BIGINT               | Number of the item in the transaction, from 1; null for the leaves of the whole.
--   sku                 | VARCHAR              | The seller's stock-keeping unit; null for the leaves of the whole.
--   quantity            | BIGINT               | Units of the item; it stands on each of its leaves: do not add it up.
--   leaf_no             | BIGINT               | Number of the leaf, from 1; null without a breakdown.
--   leaf_path           | VARCHAR              | What it is, from the root of the tree, e.g. `Tax/TaxCollected/OurPriceTax`; null without a breakdown.
--   currency            | VARCHAR              | Currency of the amount, ISO 4217; null without a breakdown.
--   amount              | DECIMAL(18,2)        | The amount, in `currency`, positive towards the seller; null without a breakdown.

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
  r.item_no,
  r.sku,
  r.quantity,
  r.leaf_no,
  r.leaf_path,
  r.leaf_currency AS currency,
  r.leaf_amount AS amount
FROM staging.transactions AS r
