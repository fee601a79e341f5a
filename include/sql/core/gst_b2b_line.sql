-- core.gst_b2b_line
--
-- What was shipped to businesses in India, refunded or cancelled, with its GST and what Amazon collected at source
-- (TCS). All amounts are rupees; `invoice_amount` is `tax_exclusive_gross` with `total_tax`.
--
-- Grain:   one row an item of an invoice or credit note
-- Key:     document_id, line_no
-- Inputs:  staging.gst_b2b
-- Written: merged by transaction_type, invoice_number, order_id, shipment_item_id, credit_note_no
--
-- Columns:
--   region               | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account              | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids      | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id          | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no              | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   transaction_type     | VARCHAR NOT NULL     | `Shipment`, `Refund`, `Cancel` and others, in Amazon's words.
--   seller_gstin         | VARCHAR              | The seller's GST registration, which begins with the code of its state.
--   invoice_number       | VARCHAR              | The invoice.
--   invoiced_on          | DATE                 | Day of the invoice, as the report writes it.
--   order_id             | VARCHAR NOT NULL     | Amazon's id of the order.
--   ordered_on           | DATE                 | Day of the order, as the report writes it.
--   shipped_on           | DATE                 | Day of the shipment, as the report writes it.
--   shipment_id          | VARCHAR              | Amazon's id of the shipment.
--   shipment_item_id     | VARCHAR              | Amazon's id of the item in it.
--   credit_note_no       | VARCHAR              | The credit note of a refund; null for others.
--   credit_noted_on      | DATE                 | Day of the credit note, as the report writes it; null for others.
--   month                | DATE                 | First day of the month of the credit note, or else of the invoice, the shipment or the order.
--   sku                  | VARCHAR              | The seller's stock-keeping unit.
--   asin                 | VARCHAR              | Amazon's id of the product.
--   hsn_sac              | VARCHAR              | Code of the goods or service by which GST is charged.
--   quantity             | BIGINT               | Units.
--   ship_from_state      | VARCHAR              | State that it was shipped from.
--   ship_to_state        | VARCHAR              | State that it was shipped to: where GST is owed.
--   ship_to_country      | VARCHAR              | Country that it was shipped to.
--   currency             | VARCHAR NOT NULL     | Currency of all amounts of the row: INR.
--   invoice_amount       | DECIMAL(18,2)        | The whole invoice, in the currency INR; null when the report does not tell.
--   tax_exclusive_gross  | DECIMAL(18,2)        | The invoice without tax, in the currency INR; null when the report does not tell.
--   total_tax            | DECIMAL(18,2)        | All GST, in the currency INR; null when the report does not tell.
--   cgst_tax             | DECIMAL(18,2)        | Central GST on the items, in the currency INR; null when the report does not tell.
--   sgst_tax             | DECIMAL(18,2)        | GST of the state on the items, in the currency INR; null when the report does not tell.
--   utgst_tax            | DECIMAL(18,2)        | GST of the union territory on the items, in the currency INR; null when the report does not tell.
--   igst_tax             | DECIMAL(18,2)        | Integrated GST on the items, in the currency INR; null when the report does not tell.
--   cess_tax             | DECIMAL(18,2)        | Cess on the items, in the currency INR; null when the report does not tell.
--   tcs_cgst             | DECIMAL(18,2)        | Central tax collected at source, in the currency INR; null when the report does not tell.
--   tcs_sgst             | DECIMAL(18,2)        | Tax of the state collected at source, in the currency INR; null when the report does not tell.
--   tcs_utgst            | DECIMAL(18,2)        | Tax of the union territory collected at source, in the currency INR; null when the report does not tell.
--   tcs_igst             | DECIMAL(18,2)        | Integrated tax collected at source, in the currency INR; null when the report does not tell.
--   buyer_gstin          | VARCHAR              | Keyed hash of the buyer's GST registration: one buyer has one. Null without a key.
--   irn_filing_status    | VARCHAR              | Whether the invoice was filed, in Amazon's words.
--   fulfillment_channel  | VARCHAR              | Who ships, in Amazon's words.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.transaction_type,
  r.seller_gstin,
  r.invoice_number,
  r.invoiced_day AS invoiced_on,
  r.order_id,
  r.ordered_day AS ordered_on,
  r.shipped_day AS shipped_on,
  r.shipment_id,
  r.shipment_item_id,
  r.credit_note_no,
  r.credit_noted_day AS credit_noted_on,
  CAST(date_trunc('month', coalesce(r.credit_noted_day, r.invoiced_day, r.shipped_day, r.ordered_day)) AS DATE) AS month,
  r.sku,
  r.asin,
  r.hsn_sac,
  r.quantity,
  r.ship_from_state,
  r.ship_to_state,
  r.ship_to_country,
  'INR' AS currency,
  r.invoice_amount,
  r.tax_exclusive_gross,
  r.total_tax_amount AS total_tax,
  r.cgst_tax,
  r.sgst_tax,
  r.utgst_tax,
  r.igst_tax,
  r.compensatory_cess_tax AS cess_tax,
  r.tcs_cgst_amount AS tcs_cgst,
  r.tcs_sgst_amount AS tcs_sgst,
  r.tcs_utgst_amount AS tcs_utgst,
  r.tcs_igst_amount AS tcs_igst,
  r.customer_bill_to_gstid AS buyer_gstin,
  r.irn_filing_status,
  r.fulfillment_channel
FROM staging.gst_b2b AS r
