"""Airflow connections turned into the objects that the rooms work with."""
