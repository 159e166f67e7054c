"""Calendars and locks: what a Kubernetes schedule means, when it fires, and whether two operations ever meet.

Knows nothing of fleets. Pure: no clock, no environment; the only data is the `tzdata` package.
"""

from backupgen.schedule.cron import CronError, CronExpr, parse_cron
from backupgen.schedule.slot import AUTO, Auto, SlotError, parse_slot
from backupgen.schedule.zones import TZDATA_VERSION, Zone, ZoneError, load_zone

__all__ = [
    "AUTO",
    "TZDATA_VERSION",
    "Auto",
    "CronError",
    "CronExpr",
    "SlotError",
    "Zone",
    "ZoneError",
    "load_zone",
    "parse_cron",
    "parse_slot",
]
