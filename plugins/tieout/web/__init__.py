"""Tieout's pages inside Airflow's API server."""
