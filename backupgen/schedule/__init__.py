"""Calendars and locks: what a Kubernetes schedule means, when it fires, and whether two operations ever meet.

Knows nothing of fleets. Pure: no clock, no environment; the only data is the `tzdata` package.
"""
