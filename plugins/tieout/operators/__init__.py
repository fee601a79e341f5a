"""Airflow operators: thin, they call the rooms."""
