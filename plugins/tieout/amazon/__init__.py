"""Speaks Amazon's protocols: login, Selling Partner API; limits, retries, call log."""
