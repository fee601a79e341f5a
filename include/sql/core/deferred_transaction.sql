-- core.deferred_transaction
--
-- What Amazon holds back, transaction by transaction, as of the moment at which a person made the report in Seller Central.
-- The reports of several days are kept side by side. Amounts are positive towards the seller. The words in `type`,
-- `description` and `transaction_status` are in the language of the marketplace or of whoever made the report.
--
-- Grain:   one row per deferred transaction and day of a report
-- Key:     document_id, line_no
-- Inputs:  staging.deferred_transactions
-- Written: snapshot by as_of_day
--
-- Columns:
--   region                       | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                      | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids              | VARCHAR              | The marketplaces that the report is about, separated by commas; null for all of the account, and for an imported file.
--   document_id                  | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no                      | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                        | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   as_of_day                    | DATE NOT NULL        | Day on which the report was made, UTC.
--   posted_on                    | DATE NOT NULL        | Day of the movement, as the report writes it, in its time zone.
--   posted_local                 | TIMESTAMP            | Day and time of the movement, as the report writes it, in its time zone; null when it has no time.
--   posted_at                    | TIMESTAMPTZ          | When it moved, UTC; null when the report names no time zone.
--   settlement_id                | VARCHAR              | Amazon's id of the settlement that it is expected in; null while there is none.
--   type                         | VARCHAR              | What it is, in Amazon's words, e.g. `Order`.
--   order_id                     | VARCHAR              | Amazon's id of the order, as it stands in the file; null for what concerns none.
--   sku                          | VARCHAR              | The seller's stock-keeping unit.
--   description                  | VARCHAR              | What it is about, in Amazon's words.
--   quantity                     | BIGINT               | Units.
--   marketplace                  | VARCHAR              | Amazon's name of the marketplace.
--   fulfillment                  | VARCHAR              | Who ships, in Amazon's words.
--   tax_collection_model         | VARCHAR              | Who collects the tax, in Amazon's words, e.g. `MarketplaceFacilitator`.
--   transaction_status           | VARCHAR              | The word for deferred, in the language of the report; null when the report has no such column.
--   released_on                  | DATE                 | Day on which Amazon will release it, as the report writes it; null when the report does not say.
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
  deferred_transactions.region,
  deferred_transactions.account,
  deferred_transactions.marketplace_ids,
  deferred_transactions.document_id,
  deferred_transactions.line_no,
  deferred_transactions.as_of,
  deferred_transactions.as_of_day,
  deferred_transactions.posted_day AS posted_on,
  deferred_transactions.posted_local,
  deferred_transactions.posted_at,
  deferred_transactions.settlement_id,
  deferred_transactions.type,
  deferred_transactions.order_id,
  deferred_transactions.sku,
  deferred_transactions.description,
  deferred_transactions.quantity,
  deferred_transactions.marketplace,
  deferred_transactions.fulfillment,
  deferred_transactions.tax_collection_model,
  deferred_transactions.transaction_status,
  deferred_transactions.transaction_release_day AS released_on,
  deferred_transactions.currency,
  deferred_transactions.product_sales,
  deferred_transactions.product_sales_tax,
  deferred_transactions.shipping_credits,
  deferred_transactions.shipping_credits_tax,
  deferred_transactions.gift_wrap_credits,
  deferred_transactions.gift_wrap_credits_tax,
  deferred_transactions.regulatory_fee,
  deferred_transactions.tax_on_regulatory_fee,
  deferred_transactions.amazon_points,
  deferred_transactions.promotional_rebates,
  deferred_transactions.promotional_rebates_tax,
  deferred_transactions.sales_tax_collected,
  deferred_transactions.marketplace_facilitator_tax,
  deferred_transactions.marketplace_withheld_tax,
  deferred_transactions.low_value_goods,
  deferred_transactions.sales_tax_liable,
  deferred_transactions.tcs_cgst,
  deferred_transactions.tcs_sgst,
  deferred_transactions.tcs_igst,
  deferred_transactions.tds_section_194_o AS tds,
  deferred_transactions.selling_fees,
  deferred_transactions.fba_fees,
  deferred_transactions.other_transaction_fees,
  deferred_transactions.other,
  deferred_transactions.total
FROM staging.deferred_transactions AS deferred_transactions
