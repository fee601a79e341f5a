-- core.date_range_line
--
-- Every movement of the balance as Seller Central's payments page shows it: a second source of what stands in
-- settlements, with what is deferred. Amounts are positive towards the seller. The words in `type`, `description` and
-- `transaction_status` are in the language of the marketplace or of whoever downloaded the report.
--
-- A row that is deferred is restated when it is released; its settlement is that which it is expected in.
--
-- Grain:   one row a movement
-- Key:     document_id, line_no
-- Inputs:  staging.date_range
-- Written: merged by posted_local, posted_at, settlement_id, type, order_id, sku, description, complete by posted_on
--
-- Columns:
--   region                       | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                      | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids              | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id                  | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no                      | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                        | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   posted_on                    | DATE NOT NULL        | Day of the movement, as the report writes it, in its time zone.
--   posted_local                 | TIMESTAMP            | Day and time of the movement, as the report writes it, in its time zone; null when it has no time.
--   posted_at                    | TIMESTAMPTZ          | When it moved, UTC; null when the report names no time zone.
--   settlement_id                | VARCHAR              | Amazon's id of the settlement; null while there is none.
--   type                         | VARCHAR              | What it is, in Amazon's words, e.g. `Order`, `Refund` or `Transfer`.
--   order_id                     | VARCHAR              | Amazon's id of the order, as it stands in the file; null for what concerns none.
--   sku                          | VARCHAR              | The seller's stock-keeping unit.
--   description                  | VARCHAR              | What it is about, in Amazon's words.
--   quantity                     | BIGINT               | Units.
--   marketplace                  | VARCHAR              | Amazon's name of the marketplace.
--   fulfillment                  | VARCHAR              | Who ships, in Amazon's words.
--   tax_collection_model         | VARCHAR              | Who collects the tax, in Amazon's words, e.g. `MarketplaceFacilitator`.
--   transaction_status           | VARCHAR              | Whether it is released or deferred, in Amazon's words; null when the report has no such column.
--   released_on                  | DATE                 | Day on which a deferred movement is released, as the report writes it.
--   currency                     | VARCHAR              | Currency of all amounts of the row, ISO 4217.
--   product_sales                | DECIMAL(18,2)        | Price of goods, in `currency`; null when the report has no such column.
--   product_sales_tax            | DECIMAL(18,2)        | Tax on goods, in `currency`; null when the report has no such column.
--   shipping_credits             | DECIMAL(18,2)        | Shipping paid by the buyer, in `currency`; null when the report has no such column.
--   shipping_credits_tax         | DECIMAL(18,2)        | Tax on shipping, in `currency`; null when the report has no such column.
--   gift_wrap_credits            | DECIMAL(18,2)        | Gift wrap paid by the buyer, in `currency`; null when the report has no such column.
--   gift_wrap_credits_tax        | DECIMAL(18,2)        | Tax on gift wrap, in `currency`; null when the report has no such column.
--   regulatory_fee               | DECIMAL(18,2)        | Regulatory fee, in `currency`; null when the report has no such column.
--   tax_on_regulatory_fee        | DECIMAL(18,2)        | Tax on the regulatory fee, in `currency`; null when the report has no such column.
--   amazon_points                | DECIMAL(18,2)        | Amazon Points granted, in Japan, in `currency`; null when the report has no such column.
--   promotional_rebates          | DECIMAL(18,2)        | Promotions, in `currency`; null when the report has no such column.
--   promotional_rebates_tax      | DECIMAL(18,2)        | Tax on promotions, in `currency`; null when the report has no such column.
--   sales_tax_collected          | DECIMAL(18,2)        | Sales tax collected, where the report does not tell it apart, in `currency`; null when the report has no such column.
--   marketplace_facilitator_tax  | DECIMAL(18,2)        | Tax that Amazon collects and pays as facilitator, in `currency`; null when the report has no such column.
--   marketplace_withheld_tax     | DECIMAL(18,2)        | Tax that Amazon collected from the buyer and withholds, in `currency`; null when the report has no such column.
--   low_value_goods              | DECIMAL(18,2)        | Tax on goods of low value that Amazon withholds, in `currency`; null when the report has no such column.
--   sales_tax_liable             | DECIMAL(18,2)        | Tax that the seller is liable for, in India, in `currency`; null when the report has no such column.
--   tcs_cgst                     | DECIMAL(18,2)        | Tax collected at source, central, in India, in `currency`; null when the report has no such column.
--   tcs_sgst                     | DECIMAL(18,2)        | Tax collected at source, of the state, in India, in `currency`; null when the report has no such column.
--   tcs_igst                     | DECIMAL(18,2)        | Tax collected at source, integrated, in India, in `currency`; null when the report has no such column.
--   tds                          | DECIMAL(18,2)        | Tax deducted at source (section 194-O), in India, in `currency`; null when the report has no such column.
--   selling_fees                 | DECIMAL(18,2)        | Referral and other selling fees, in `currency`; null when the report has no such column.
--   fba_fees                     | DECIMAL(18,2)        | Fees of fulfilment by Amazon, in `currency`; null when the report has no such column.
--   other_transaction_fees       | DECIMAL(18,2)        | Other fees of the transaction, in `currency`; null when the report has no such column.
--   other                        | DECIMAL(18,2)        | What is none of the above, in `currency`; null when the report has no such column.
--   total                        | DECIMAL(18,2)        | Sum of the row, in `currency`, positive towards the seller.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.posted_day AS posted_on,
  r.posted_local,
  r.posted_at,
  r.settlement_id,
  r.type,
  r.order_id,
  r.sku,
  r.description,
  r.quantity,
  r.marketplace,
  r.fulfillment,
  r.tax_collection_model,
  r.transaction_status,
  r.transaction_release_day AS released_on,
  r.currency,
  r.product_sales,
  r.product_sales_tax,
  r.shipping_credits,
  r.shipping_credits_tax,
  r.gift_wrap_credits,
  r.gift_wrap_credits_tax,
  r.regulatory_fee,
  r.tax_on_regulatory_fee,
  r.amazon_points,
  r.promotional_rebates,
  r.promotional_rebates_tax,
  r.sales_tax_collected,
  r.marketplace_facilitator_tax,
  r.marketplace_withheld_tax,
  r.low_value_goods,
  r.sales_tax_liable,
  r.tcs_cgst,
  r.tcs_sgst,
  r.tcs_igst,
  r.tds_section_194_o AS tds,
  r.selling_fees,
  r.fba_fees,
  r.other_transaction_fees,
  r.other,
  r.total
FROM staging.date_range AS r
