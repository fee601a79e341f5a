-- file_is_as_amazon_wrote_it
--
-- The file is written as Amazon writes it, and was not saved by another program.
--
-- Severity: warning
-- Reason:   resaved_file
-- Why:      Spreadsheet programs change dates, long numbers and empty fields while they save.
--
-- One row a document.

SELECT
  document_id,
  NULL AS line_no,
  NULL AS column_name,
  'another program has saved the file (it is ' || dialect || '): prefer the file as it was downloaded' AS message,
  dialect AS observed,
  'the form in which Amazon writes the family' AS expected
FROM staging.report
WHERE resaved
ORDER BY
  document_id
