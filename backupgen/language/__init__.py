"""The language: what a user may write in fleet.yaml, and how it is read into a `Fleet`."""
