"""Calendars and locks: what a Kubernetes schedule means, when it fires, and whether two operations ever meet.

Knows nothing of fleets. Pure: no clock, no environment; the only data is the `tzdata` package.
"""

from backupgen.schedule.cadence import CADENCES
from backupgen.schedule.capacity import Crowd, crowded
from backupgen.schedule.cron import ALL_HOURS, CronError, CronExpr, parse_cron
from backupgen.schedule.firings import ever_fires, firings_per_year, longest_gap, next_firings, shortest_gap
from backupgen.schedule.locks import Operation, Pool, PoolKind, Use, Why
from backupgen.schedule.placing import Placement, Shortage, place
from backupgen.schedule.proof import Conflict, ScheduleProof, Yielded, first_meeting, prove
from backupgen.schedule.remedies import Adviser, Lever, Remedy
from backupgen.schedule.slot import AUTO, Auto, SlotError, format_slot, parse_slot
from backupgen.schedule.spans import longest_gaps
from backupgen.schedule.waiting import Wait
from backupgen.schedule.windows import Timing, begins_inside, share_met
from backupgen.schedule.windows import meet as windows_meet
from backupgen.schedule.wishes import Request
from backupgen.schedule.yielding import Stuck
from backupgen.schedule.zones import (
    CALENDAR_END,
    CYCLE_START,
    TZDATA_VERSION,
    WEEKDAYS,
    Zone,
    ZoneError,
    irregular_zones,
    load_zone,
    zone_names,
)

__all__ = [
    "ALL_HOURS",
    "AUTO",
    "CADENCES",
    "CALENDAR_END",
    "CYCLE_START",
    "TZDATA_VERSION",
    "WEEKDAYS",
    "Adviser",
    "Auto",
    "Conflict",
    "CronError",
    "CronExpr",
    "Crowd",
    "Lever",
    "Operation",
    "Placement",
    "Pool",
    "PoolKind",
    "Remedy",
    "Request",
    "ScheduleProof",
    "Shortage",
    "SlotError",
    "Stuck",
    "Timing",
    "Use",
    "Wait",
    "Why",
    "Yielded",
    "Zone",
    "ZoneError",
    "begins_inside",
    "crowded",
    "ever_fires",
    "firings_per_year",
    "first_meeting",
    "format_slot",
    "irregular_zones",
    "load_zone",
    "longest_gap",
    "longest_gaps",
    "next_firings",
    "parse_cron",
    "parse_slot",
    "place",
    "prove",
    "share_met",
    "shortest_gap",
    "windows_meet",
    "zone_names",
]
