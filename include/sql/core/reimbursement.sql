-- core.reimbursement
--
-- What Amazon paid, in money or in stock, for units that it lost, damaged or that did not come back. A reversal names
-- the reimbursement that it takes back, and is negative.
--
-- Grain:   one row a reimbursement and SKU
-- Key:     document_id, line_no
-- Inputs:  staging.reimbursements
-- Written: merged by reimbursement_id, complete by approved_on
--
-- Columns:
--   region                     | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                    | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids            | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id                | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no                    | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                      | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   approved_on                | DATE NOT NULL        | Day of the approval, as the report writes it, in its time zone.
--   approved_at                | TIMESTAMPTZ          | When it was approved, UTC; null when the report names no time zone.
--   reimbursement_id           | VARCHAR NOT NULL     | Amazon's id of the reimbursement.
--   case_id                    | VARCHAR              | The case with Seller Support; null when there was none.
--   order_id                   | VARCHAR              | Amazon's id of the order; null when it concerns none.
--   reason                     | VARCHAR              | Why, in Amazon's words, e.g. `Lost_Warehouse`.
--   sku                        | VARCHAR              | The seller's stock-keeping unit.
--   fnsku                      | VARCHAR              | Amazon's id of the seller's stock.
--   asin                       | VARCHAR              | Amazon's id of the product.
--   currency                   | VARCHAR              | Currency of all amounts of the row, ISO 4217.
--   amount_per_unit            | DECIMAL(18,2)        | Amount a unit, in `currency`; null when it is not known.
--   amount                     | DECIMAL(18,2)        | Amount of all units, in `currency`, positive towards the seller.
--   quantity_in_cash           | BIGINT               | Units paid for.
--   quantity_in_stock          | BIGINT               | Units given back as stock.
--   original_reimbursement_id  | VARCHAR              | Of a reversal: the reimbursement that it takes back.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.approved_day AS approved_on,
  r.approved_at,
  r.reimbursement_id,
  r.case_id,
  r.amazon_order_id AS order_id,
  r.reason,
  r.sku,
  r.fnsku,
  r.asin,
  r.currency_unit AS currency,
  r.amount_per_unit,
  r.amount_total AS amount,
  r.quantity_reimbursed_cash AS quantity_in_cash,
  r.quantity_reimbursed_inventory AS quantity_in_stock,
  r.original_reimbursement_id
FROM staging.reimbursements AS r
