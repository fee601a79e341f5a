"""A simulated Amazon: a world of sellers with a known ledger, and Amazon's protocols over it."""
