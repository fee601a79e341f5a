-- core.seller_return
--
-- What buyers asked to send back to the seller: labels, refunds and SAFE-T claims of the request, in the state in which
-- Amazon told of it last.
--
-- Grain:   one row a request and SKU
-- Key:     document_id, line_no
-- Inputs:  staging.returns
-- Written: merged by order_id, amazon_rma_id, sku, complete by requested_on
--
-- Columns:
--   region               | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account              | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids      | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id          | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no              | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   requested_on         | DATE NOT NULL        | Day of the request, as the report writes it.
--   order_id             | VARCHAR NOT NULL     | Amazon's id of the order.
--   amazon_rma_id        | VARCHAR              | Amazon's id of the request.
--   merchant_rma_id      | VARCHAR              | The seller's id of the request.
--   sku                  | VARCHAR              | The seller's stock-keeping unit.
--   asin                 | VARCHAR              | Amazon's id of the product.
--   status               | VARCHAR              | State of the request, in Amazon's words.
--   quantity             | BIGINT               | Units asked to send back.
--   delivered_on         | DATE                 | Day on which it came back; null while it has not.
--   reason               | VARCHAR              | Why the buyer sends it back, in Amazon's words.
--   resolution           | VARCHAR              | What the seller did, in Amazon's words.
--   currency             | VARCHAR              | Currency of all amounts of the row, ISO 4217.
--   order_amount         | DECIMAL(18,2)        | Price of the order, in `currency`.
--   order_quantity       | BIGINT               | Units of the order.
--   refunded_amount      | DECIMAL(18,2)        | What was refunded, in `currency`, positive as Amazon writes it; null when nothing is known.
--   label_cost           | DECIMAL(18,2)        | Cost of the label, in `currency`, positive as Amazon writes it; null when it is not known.
--   label_paid_by        | VARCHAR              | Who pays the label, in Amazon's words.
--   a_to_z_claim         | VARCHAR              | Whether the buyer made an A-to-z claim, in Amazon's words.
--   safet_claim_id       | VARCHAR              | Amazon's id of the seller's SAFE-T claim.
--   safet_claim_state    | VARCHAR              | State of that claim, in Amazon's words.
--   safet_reimbursement  | DECIMAL(18,2)        | What the claim brought, in `currency`; null when nothing is known.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.return_request_date AS requested_on,
  r.order_id,
  r.amazon_rma_id,
  r.merchant_rma_id,
  r.merchant_sku AS sku,
  r.asin,
  r.return_request_status AS status,
  r.return_quantity AS quantity,
  r.return_delivery_date AS delivered_on,
  r.return_reason AS reason,
  r.resolution,
  r.currency_code AS currency,
  r.order_amount,
  r.order_quantity,
  r.refunded_amount,
  r.label_cost,
  r.label_to_be_paid_by AS label_paid_by,
  r.a_to_z_claim,
  r.safet_claim_id,
  r.safet_claim_state,
  r.safet_claim_reimbursement_amount AS safet_reimbursement
FROM staging.returns AS r
