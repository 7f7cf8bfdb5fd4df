"""One effect per `Idempotency-Key`: answers kept for 24 hours per caller and route.

The row of a key is written before its request runs. What the request then writes to our database commits in one
transaction with a mark in that row, or not at all: no crash, lost connection or slow twin gets a second effect
past it. What a request does elsewhere, such as creating a Space on the Hub, cannot be part of that transaction.
"""
