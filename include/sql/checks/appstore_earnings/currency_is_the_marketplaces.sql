-- currency_is_the_marketplaces
--
-- An invoice is in the currency of its marketplace.
--
-- Severity: blocking
-- Reason:   mixed_currency
-- Why:      The marketplace decides the currency: another one is a shifted row, or a marketplace that is not known yet.
--
-- One row a document, marketplace and currency that fails. The pairs are those of Amazon's page; CAN is read as CAD.

SELECT
  s.document_id,
  min(s.line_no) AS line_no,
  'Marketplace Currency' AS column_name,
  count(*) || ' rows of ' || s.marketplace || ' are in ' || s.marketplace_currency || ', first line ' || min(s.line_no)
    AS message,
  s.marketplace || ' in ' || s.marketplace_currency AS observed,
  coalesce(m.currency, 'a marketplace of the Appstore') AS expected
FROM staging.appstore_earnings AS s
LEFT JOIN (
  VALUES
    ('amazon.com.au', 'AUD'),
    ('amazon.com.br', 'BRL'),
    ('amazon.ca', 'CAD'),
    ('amazon.de', 'EUR'),
    ('amazon.es', 'EUR'),
    ('amazon.fr', 'EUR'),
    ('amazon.co.uk', 'GBP'),
    ('amazon.in', 'INR'),
    ('amazon.it', 'EUR'),
    ('amazon.co.jp', 'JPY'),
    ('amazon.com', 'USD')
) AS m (marketplace, currency) ON m.marketplace = lower(s.marketplace)
WHERE m.currency IS DISTINCT FROM s.marketplace_currency
GROUP BY
  s.document_id,
  s.marketplace,
  s.marketplace_currency,
  m.currency
ORDER BY
  s.document_id,
  s.marketplace
