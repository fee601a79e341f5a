"""Report families: received bytes in, Arrow batches with exact types out.

Nothing here opens a network connection or chooses where to write: every function takes the path it reads and the
paths it writes. Import the module of the family you need, e.g. `tieout.reports.settlement`.
"""
