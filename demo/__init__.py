"""The whole pipeline on one machine: an embedded S3, an embedded Postgres, Airflow, and a simulated Amazon."""
