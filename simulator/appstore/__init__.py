"""The simulated Amazon Appstore: a developer's apps, their books, and the Reporting API over them.

The specification is Amazon's page "Reporting API" of the developer console (Chinese edition of 13 December 2023); time
zones are those of its page "Reporting FAQ", earnings those of its page "Earnings Reports".
"""
