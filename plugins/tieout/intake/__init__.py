"""The way of one account's documents: list, receive, read, check. It calls the other rooms and knows no Airflow.

Each step writes a record to the lake when it is done with a document, and does nothing for a document that has one.
So a step that was killed goes on where it stopped, and a rerun finds everything done.
"""
