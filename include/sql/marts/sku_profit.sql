-- mart.sku_profit
--
-- What each SKU brought in a month, by the settlements: sales, refunds, tax, promotions and fees, exact to the cent.
-- What names no SKU, such as subscriptions, storage and most advertising, stands in a row without a SKU, and is not
-- spread over others: the rows of a month add up to all that was settled for it, reserves and other moved money left
-- out.
--
-- Cost of goods is not known to Amazon and not in it.
--
-- Grain:   one row a month of an account, currency and SKU
-- Key:     account, month, currency, sku
-- Inputs:  staging.changed_month, core.settlement_line
-- Written: replaced by account, month
--
-- Columns:
--   region            | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account           | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   month             | DATE NOT NULL          | First day of the month in which the lines were posted, in the region's business time zone.
--   currency          | VARCHAR NOT NULL       | Currency of all amounts of this row, ISO 4217.
--   sku               | VARCHAR                | The seller's stock-keeping unit; null for what names none.
--   units_sold        | BIGINT                 | Units of the sales whose price is in this row; 0 when there is none, null when the file does not say how many of one.
--   product_sales     | DECIMAL(38,2) NOT NULL | What buyers paid for goods, in `currency`.
--   refunds           | DECIMAL(38,2) NOT NULL | The price of goods given back, in `currency`, negative.
--   other_credits     | DECIMAL(38,2) NOT NULL | Shipping, gift wrap and other amounts between buyer and seller, in `currency`.
--   promotions        | DECIMAL(38,2) NOT NULL | Discounts and points that the seller gave, in `currency`, negative.
--   tax               | DECIMAL(38,2) NOT NULL | Tax collected less tax that Amazon keeps, in `currency`: what the seller owes to an authority is in it.
--   selling_fees      | DECIMAL(38,2) NOT NULL | Referral and other selling fees, in `currency`, negative.
--   fulfillment_fees  | DECIMAL(38,2) NOT NULL | Fees of fulfilment, in `currency`, negative.
--   other_fees        | DECIMAL(38,2) NOT NULL | All other fees: storage, inbound, removal, advertising, promotion programmes, subscription, others, in `currency`, negative.
--   reimbursements    | DECIMAL(38,2) NOT NULL | What Amazon paid for lost or damaged goods, in `currency`.
--   other             | DECIMAL(38,2) NOT NULL | Adjustments and kinds that the fee dictionary does not know, in `currency`.
--   net               | DECIMAL(38,2) NOT NULL | The sum of all these, in `currency`, positive towards the seller.
--   lines             | BIGINT NOT NULL        | Lines that carry an amount.

WITH

-- The items that were sold: Flat File V2 has the quantity on the line with the price, V1 on a line of its own
sold_item AS (
  SELECT
    l.account,
    l.month,
    l.currency,
    l.sku,
    sum(CASE WHEN l.source_column = 'quantity-purchased' THEN l.quantity_purchased END) AS units_counted,
    sum(CASE WHEN l.amount IS NOT NULL THEN l.quantity_purchased END) AS units_priced,
    count(CASE WHEN l.amount IS NOT NULL AND l.quantity_purchased IS NULL THEN 1 END) AS prices_without_units
  FROM core.settlement_line AS l
  INNER JOIN staging.changed_month AS c
    ON c.account = l.account
    AND c.month = l.month
  WHERE l.transaction_type = 'Order'
    AND (
      l.source_column = 'quantity-purchased'
      OR (l.category = 'product_sales' AND l.amount_description = 'Principal')
    )
  GROUP BY
    l.account,
    l.month,
    l.currency,
    l.sku,
    l.settlement_id,
    l.order_id,
    l.order_item_code
),

sold AS (
  SELECT
    account,
    month,
    currency,
    sku,
    CASE
      WHEN count(CASE WHEN units_counted IS NULL AND prices_without_units > 0 THEN 1 END) = 0
        THEN sum(coalesce(units_counted, units_priced))
    END AS units
  FROM sold_item
  GROUP BY
    account,
    month,
    currency,
    sku
),

profit AS (
  SELECT
    min(l.region) AS region,
    l.account,
    l.month,
    l.currency,
    l.sku,
    CAST(sum(CASE WHEN l.category IN ('product_sales') THEN l.amount ELSE 0 END) AS DECIMAL(38, 2)) AS product_sales,
    CAST(sum(CASE WHEN l.category IN ('refunds') THEN l.amount ELSE 0 END) AS DECIMAL(38, 2)) AS refunds,
    CAST(
      sum(CASE WHEN l.category IN ('shipping_credits', 'gift_wrap_credits', 'other_income') THEN l.amount ELSE 0 END)
      AS DECIMAL(38, 2)
    ) AS other_credits,
    CAST(sum(CASE WHEN l.category IN ('promotions', 'points') THEN l.amount ELSE 0 END) AS DECIMAL(38, 2)) AS promotions,
    CAST(sum(CASE WHEN l.category IN ('tax_collected', 'tax_withheld') THEN l.amount ELSE 0 END) AS DECIMAL(38, 2)) AS tax,
    CAST(sum(CASE WHEN l.category IN ('selling_fees') THEN l.amount ELSE 0 END) AS DECIMAL(38, 2)) AS selling_fees,
    CAST(sum(CASE WHEN l.category IN ('fulfillment_fees') THEN l.amount ELSE 0 END) AS DECIMAL(38, 2)) AS fulfillment_fees,
    CAST(
      sum(
        CASE
          WHEN l.category IN (
            'storage_fees', 'inbound_fees', 'removal_fees', 'advertising', 'promotion_fees', 'subscription_fees', 'other_fees'
          )
            THEN l.amount
          ELSE 0
        END
      ) AS DECIMAL(38, 2)
    ) AS other_fees,
    CAST(sum(CASE WHEN l.category IN ('reimbursements') THEN l.amount ELSE 0 END) AS DECIMAL(38, 2)) AS reimbursements,
    CAST(sum(CASE WHEN l.category IN ('adjustments', 'unknown') THEN l.amount ELSE 0 END) AS DECIMAL(38, 2)) AS other,
    CAST(sum(l.amount) AS DECIMAL(38, 2)) AS net,
    count(*) AS lines
  FROM core.settlement_line AS l
  INNER JOIN staging.changed_month AS c
    ON c.account = l.account
    AND c.month = l.month
  WHERE l.amount IS NOT NULL
    AND NOT l.is_cash_flow
  GROUP BY
    l.account,
    l.month,
    l.currency,
    l.sku
)

SELECT
  p.region,
  p.account,
  p.month,
  p.currency,
  p.sku,
  CAST(CASE WHEN s.account IS NULL THEN 0 ELSE s.units END AS BIGINT) AS units_sold,
  p.product_sales,
  p.refunds,
  p.other_credits,
  p.promotions,
  p.tax,
  p.selling_fees,
  p.fulfillment_fees,
  p.other_fees,
  p.reimbursements,
  p.other,
  p.net,
  p.lines
FROM profit AS p
LEFT JOIN sold AS s
  ON s.account = p.account
  AND s.month = p.month
  AND s.currency = p.currency
  AND s.sku IS NOT DISTINCT FROM p.sku
