-- core.order_item
--
-- What buyers ordered, in the state in which Amazon told of it last: one row an item of an order. An order's rows are
-- replaced together whenever a newer report has the order. A cancelled or pending item has no price and no currency.
--
-- Prices are what the buyer pays, fees and payouts not considered; what of it was settled stands in mart.order_to_cash.
-- Buyers' names and addresses are left in the staged files.
--
-- Grain:   one row an order and item
-- Key:     document_id, line_no
-- Inputs:  staging.orders
-- Written: merged by order_id
--
-- Columns:
--   region                   | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                  | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids          | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id              | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no                  | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of                    | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   order_id                 | VARCHAR NOT NULL     | Amazon's id of the order.
--   sku                      | VARCHAR              | The seller's stock-keeping unit.
--   asin                     | VARCHAR              | Amazon's id of the product.
--   product_name             | VARCHAR              | Title of the product.
--   order_status             | VARCHAR              | State of the order, in Amazon's words, e.g. `Shipped`, `Pending` or `Cancelled`.
--   item_status              | VARCHAR              | State of the item, in Amazon's words; null when the report does not tell.
--   fulfillment_channel      | VARCHAR              | Who ships, in Amazon's words, e.g. `Amazon` or `Merchant`.
--   sales_channel            | VARCHAR              | Where it was sold, in Amazon's words, e.g. `Amazon.de`.
--   purchased_on             | DATE                 | Day of the purchase, as the report writes it, in its time zone.
--   purchased_at             | TIMESTAMPTZ          | When it was bought, UTC; null when the report names no time zone.
--   last_updated_at          | TIMESTAMPTZ          | When Amazon changed the order last, UTC; null when the report names no time zone.
--   quantity                 | BIGINT               | Units ordered; 0 for a cancelled item.
--   currency                 | VARCHAR              | Currency of all amounts of the row, ISO 4217; null when it has none.
--   item_price               | DECIMAL(18,2)        | Price of all units, in `currency`; null when it is not known.
--   item_tax                 | DECIMAL(18,2)        | Tax on the price, in `currency`; null when it is not known.
--   shipping_price           | DECIMAL(18,2)        | Price of shipping, in `currency`; null when it is not known.
--   shipping_tax             | DECIMAL(18,2)        | Tax on shipping, in `currency`; null when it is not known.
--   gift_wrap_price          | DECIMAL(18,2)        | Price of gift wrap, in `currency`; null when it is not known.
--   gift_wrap_tax            | DECIMAL(18,2)        | Tax on gift wrap, in `currency`; null when it is not known.
--   item_promotion_discount  | DECIMAL(18,2)        | Discount on the price, in `currency`, positive as Amazon writes it; null when it is not known.
--   ship_promotion_discount  | DECIMAL(18,2)        | Discount on shipping, in `currency`, positive as Amazon writes it; null when it is not known.
--   ship_country             | VARCHAR              | Country that it is shipped to, ISO 3166.
--   is_business_order        | BOOLEAN              | Whether a business bought it; null when the report does not tell.
--   promotion_ids            | VARCHAR              | Ids of the promotions, as Amazon writes them.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.amazon_order_id AS order_id,
  r.sku,
  r.asin,
  r.product_name,
  r.order_status,
  r.item_status,
  r.fulfillment_channel,
  r.sales_channel,
  r.purchase_day AS purchased_on,
  r.purchase_at AS purchased_at,
  r.last_updated_at,
  r.quantity,
  r.currency,
  r.item_price,
  r.item_tax,
  r.shipping_price,
  r.shipping_tax,
  r.gift_wrap_price,
  r.gift_wrap_tax,
  r.item_promotion_discount,
  r.ship_promotion_discount,
  r.ship_country,
  r.is_business_order,
  r.promotion_ids
FROM staging.orders AS r
