"""Subcommands of `python -m tieout` that need Airflow's connections."""
