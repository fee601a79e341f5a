"""Tieout: what Amazon says about a seller's money, tied out to the cent."""
