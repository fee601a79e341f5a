-- core.settlement_version
--
-- Every version of a settlement that was seen: Amazon reissues settlements, lists one under several report ids, and a
-- person may import what the API gave too. Earlier versions are kept here, their lines in core.superseded_line.
--
-- The current version is the newest of those that may be loaded: what came from the API before what was imported, then
-- the later report, then the greater document id. Documents with the same bytes are one version; the earliest of them
-- carries it, so that a copy that comes later changes nothing. What a person rejected or withdrew is never current.
--
-- Grain:   one row a document and settlement in it
-- Key:     document_id, settlement_id
-- Inputs:  staging.document, staging.touched_settlement, staging.settlement, staging.ruling, core.settlement_version
-- Written: by the load; rows that are as they should be are not touched
--
-- Columns:
--   region                  | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                 | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   settlement_id           | VARCHAR NOT NULL     | Amazon's id of the settlement.
--   document_id             | VARCHAR NOT NULL     | The document.
--   status                  | VARCHAR NOT NULL     | `current`, `superseded` (a newer document has it), `same_bytes` (another document is byte for byte the same) `quarantined`, `rejected` (quarantined, and a person closed the case) or `withdrawn` (a person took it out).
--   current_document_id     | VARCHAR              | The document whose lines the settlement has; null when none may be loaded.
--   same_bytes_document_id  | VARCHAR              | The document that carries this version's bytes, if that is another one.
--   source                  | VARCHAR NOT NULL     | `api` or `import`.
--   document_created_at     | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC; see ops.document.
--   raw_sha256              | VARCHAR NOT NULL     | Sha256 of the document's bytes, in hex.
--   reader_version          | INTEGER NOT NULL     | Version of the reader that read it.
--   lines_key               | VARCHAR NOT NULL     | Key of the staged lines in the lake.
--   reason_code             | VARCHAR              | Why the version is quarantined, as a code.
--   reason                  | VARCHAR              | Why it is quarantined, in words.
--   currency                | VARCHAR              | Currency of the settlement, ISO 4217.
--   settlement_start_at     | TIMESTAMPTZ          | Start of the period, UTC.
--   settlement_end_at       | TIMESTAMPTZ          | End of the period, UTC.
--   deposit_at              | TIMESTAMPTZ          | When Amazon says that the deposit is made, UTC.
--   control_total           | DECIMAL(18,2)        | Amazon's `total-amount`, in the settlement's currency.
--   sum_of_lines            | DECIMAL(18,2)        | What the reader added up, in the settlement's currency.
--   lines                   | BIGINT               | Lines of the settlement, the summary row not counted.
--   summary_line_no         | BIGINT               | Physical line of the summary row (the header is line 1).

WITH

-- The versions in the documents of this load, and the others of the same settlements
known AS (
  SELECT
    d.region,
    d.account,
    s.settlement_id,
    d.document_id,
    d.verdict = 'quarantined' AS is_quarantined,
    d.source,
    d.created_at AS document_created_at,
    d.raw_sha256,
    d.reader_version,
    d.lines_key,
    CASE WHEN d.verdict = 'quarantined' THEN d.verdict_code END AS reason_code,
    CASE WHEN d.verdict = 'quarantined' THEN d.verdict_reason END AS reason,
    s.currency,
    s.settlement_start_at,
    s.settlement_end_at,
    s.deposit_at,
    s.control_total,
    s.sum_of_lines,
    s.lines,
    s.summary_line_no
  FROM staging.document AS d
  INNER JOIN staging.settlement AS s ON s.document_id = d.document_id
  WHERE d.verdict <> 'skipped'
  UNION ALL
  SELECT
    v.region,
    v.account,
    v.settlement_id,
    v.document_id,
    v.status IN ('quarantined', 'rejected') AS is_quarantined,
    v.source,
    v.document_created_at,
    v.raw_sha256,
    v.reader_version,
    v.lines_key,
    v.reason_code,
    v.reason,
    v.currency,
    v.settlement_start_at,
    v.settlement_end_at,
    v.deposit_at,
    v.control_total,
    v.sum_of_lines,
    v.lines,
    v.summary_line_no
  FROM core.settlement_version AS v
  WHERE EXISTS (
      SELECT 1
      FROM staging.touched_settlement AS c
      WHERE c.account = v.account
        AND c.settlement_id = v.settlement_id
    )
    AND NOT EXISTS (SELECT 1 FROM staging.document AS s WHERE s.document_id = v.document_id)
),

-- How each stands: what a person decided comes before what the checks said
version AS (
  SELECT
    k.*,
    CASE
      WHEN r.document_id IS NOT NULL AND k.is_quarantined THEN 'rejected'
      WHEN r.document_id IS NOT NULL THEN 'withdrawn'
      WHEN k.is_quarantined THEN 'quarantined'
      ELSE 'ready'
    END AS standing
  FROM known AS k
  LEFT JOIN staging.ruling AS r ON r.document_id = k.document_id
),

-- 1 is the newest, and the one that carries its bytes; versions that may not be loaded are ranked among themselves
ranked AS (
  SELECT
    v.*,
    row_number() OVER (
      PARTITION BY v.account, v.settlement_id, v.standing
      ORDER BY v.source, v.document_created_at DESC, v.document_id DESC
    ) AS age,
    row_number() OVER (
      PARTITION BY v.account, v.settlement_id, v.standing, v.raw_sha256
      ORDER BY v.source, v.document_created_at, v.document_id
    ) AS nth_copy
  FROM version AS v
),

-- The bytes are as new as the newest document that has them
placed AS (
  SELECT
    r.*,
    min(r.age) OVER (PARTITION BY r.account, r.settlement_id, r.standing, r.raw_sha256) AS age_of_bytes,
    first_value(r.document_id) OVER (
      PARTITION BY r.account, r.settlement_id, r.standing, r.raw_sha256
      ORDER BY r.nth_copy
    ) AS carrier
  FROM ranked AS r
)

SELECT
  p.region,
  p.account,
  p.settlement_id,
  p.document_id,
  CASE
    WHEN p.standing <> 'ready' THEN p.standing
    WHEN p.nth_copy > 1 THEN 'same_bytes'
    WHEN p.age_of_bytes = 1 THEN 'current'
    ELSE 'superseded'
  END AS status,
  max(CASE WHEN p.standing = 'ready' AND p.nth_copy = 1 AND p.age_of_bytes = 1 THEN p.document_id END) OVER (
    PARTITION BY p.account, p.settlement_id
  ) AS current_document_id,
  CASE WHEN p.standing = 'ready' AND p.nth_copy > 1 THEN p.carrier END AS same_bytes_document_id,
  p.source,
  p.document_created_at,
  p.raw_sha256,
  p.reader_version,
  p.lines_key,
  p.reason_code,
  p.reason,
  p.currency,
  p.settlement_start_at,
  p.settlement_end_at,
  p.deposit_at,
  p.control_total,
  p.sum_of_lines,
  p.lines,
  p.summary_line_no
FROM placed AS p
