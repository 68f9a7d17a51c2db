"""The variables that hold addresses: recipients.csv names them as env:NOTIFY_ADDRESS_..., and nothing shows them.

Only names that begin so can be named: no cell of a CSV can send a token or a password anywhere.
"""

PREFIX = "NOTIFY_ADDRESS"
