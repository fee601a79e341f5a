-- mart.settlement_tie_out
--
-- Does every settlement tie out? One row a settlement, with Amazon's control total beside what its lines add up to. A
-- settlement that is not loaded stands here too, as far as its summary row could be read, so that no hole is hidden. A
-- document that could not be read at all names no settlement: it stands in mart.trouble.
--
-- Grain:   one row a settlement of an account
-- Key:     account, settlement_id
-- Inputs:  staging.changed_settlement, core.settlement, core.settlement_version, ops.document
-- Written: replaced by account, settlement_id
--
-- Columns:
--   region               | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account              | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   settlement_id        | VARCHAR NOT NULL | Amazon's id of the settlement.
--   currency             | VARCHAR          | Currency of every amount of this row, ISO 4217; null only when a quarantined file does not say.
--   marketplace_name     | VARCHAR          | The marketplace that most of its lines name; null when none does, or when it is not loaded.
--   settlement_start_at  | TIMESTAMPTZ      | Start of the period, UTC.
--   settlement_end_at    | TIMESTAMPTZ      | End of the period, UTC.
--   deposit_date         | DATE             | Day on which Amazon says that the deposit is made, UTC.
--   control_total        | DECIMAL(18,2)    | Amazon's `total-amount`, in `currency`.
--   sum_of_lines         | DECIMAL(18,2)    | What the lines add up to, in `currency`.
--   difference           | DECIMAL(18,2)    | `sum_of_lines` less `control_total`, in `currency`: 0.00 when it ties out, negative when lines are short.
--   state                | VARCHAR NOT NULL | `tied_out`, `quarantined`, `rejected` or `withdrawn` (a person decided that it stays out), or `off` (it is loaded and the two sums differ, which the checks should have stopped).
--   reason_code          | VARCHAR          | Why it is not loaded, as a code; null when it is.
--   reason               | VARCHAR          | Why it is not loaded, in words; null when it is.
--   document_id          | VARCHAR NOT NULL | The document that the row speaks of.
--   source               | VARCHAR NOT NULL | `api` or `import`.
--   lines                | BIGINT           | Lines of the settlement, the summary row not counted.
--   versions             | INTEGER NOT NULL | Documents that hold this settlement, quarantined ones included.
--   quarantined_newer    | BOOLEAN NOT NULL | True when a version newer than the one loaded is quarantined: Amazon may have reissued the settlement.

WITH

-- Every version of the settlements to build; 1 is the one that is loaded, or else the newest that is quarantined
version AS (
  SELECT
    v.*,
    row_number() OVER (
      PARTITION BY v.account, v.settlement_id
      ORDER BY
        CASE v.status WHEN 'current' THEN 0 WHEN 'quarantined' THEN 1 ELSE 2 END,
        v.source,
        v.document_created_at DESC,
        v.document_id DESC
    ) AS place,
    count(*) OVER (PARTITION BY v.account, v.settlement_id) AS versions,
    max(CASE WHEN v.status = 'quarantined' AND v.source = 'api' THEN v.document_created_at END) OVER (
      PARTITION BY v.account, v.settlement_id
    ) AS newest_quarantined_at
  FROM staging.changed_settlement AS c
  INNER JOIN core.settlement_version AS v
    ON v.account = c.account
    AND v.settlement_id = c.settlement_id
)

SELECT
  v.region,
  v.account,
  v.settlement_id,
  v.currency,
  s.marketplace_name,
  v.settlement_start_at,
  v.settlement_end_at,
  CAST(v.deposit_at AS DATE) AS deposit_date,
  v.control_total,
  coalesce(s.sum_of_lines, v.sum_of_lines) AS sum_of_lines,
  CAST(coalesce(s.sum_of_lines, v.sum_of_lines) - v.control_total AS DECIMAL(18, 2)) AS difference,
  CASE
    WHEN v.status <> 'current' THEN v.status
    WHEN s.sum_of_lines = v.control_total THEN 'tied_out'
    ELSE 'off'
  END AS state,
  CASE WHEN v.status IN ('rejected', 'withdrawn') THEN d.reason_code ELSE v.reason_code END AS reason_code,
  CASE WHEN v.status IN ('rejected', 'withdrawn') THEN d.reason ELSE v.reason END AS reason,
  v.document_id,
  v.source,
  coalesce(s.lines, v.lines) AS lines,
  CAST(v.versions AS INTEGER) AS versions,
  v.status = 'current' AND coalesce(v.newest_quarantined_at > v.document_created_at, FALSE) AS quarantined_newer
FROM version AS v
LEFT JOIN core.settlement AS s
  ON s.account = v.account
  AND s.settlement_id = v.settlement_id
LEFT JOIN ops.document AS d ON d.document_id = v.document_id
WHERE v.place = 1
