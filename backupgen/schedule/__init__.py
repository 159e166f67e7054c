"""Calendars and locks: what a Kubernetes schedule means, when it fires, and whether two operations ever meet.

Knows nothing of fleets. Pure: no clock, no environment; the only data is the `tzdata` package.
"""

from backupgen.schedule.auto import CADENCES, Placer
from backupgen.schedule.capacity import Crowd
from backupgen.schedule.cron import CronError, CronExpr, parse_cron
from backupgen.schedule.firings import ever_fires, firings_per_year, longest_gap, next_firings, shortest_gap
from backupgen.schedule.locks import Operation, Use, Why
from backupgen.schedule.proof import Conflict, ScheduleProof, Yielded, first_meeting, prove
from backupgen.schedule.slot import AUTO, Auto, SlotError, parse_slot
from backupgen.schedule.spans import longest_two_gaps
from backupgen.schedule.zones import TZDATA_VERSION, Zone, ZoneError, load_zone

__all__ = [
    "AUTO",
    "CADENCES",
    "TZDATA_VERSION",
    "Auto",
    "Conflict",
    "CronError",
    "CronExpr",
    "Crowd",
    "Operation",
    "Placer",
    "ScheduleProof",
    "SlotError",
    "Use",
    "Why",
    "Yielded",
    "Zone",
    "ZoneError",
    "ever_fires",
    "firings_per_year",
    "first_meeting",
    "load_zone",
    "longest_gap",
    "longest_two_gaps",
    "next_firings",
    "parse_cron",
    "parse_slot",
    "prove",
    "shortest_gap",
]
