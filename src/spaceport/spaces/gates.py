"""What holds a deployment back before it may wait for its slot. Pure."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from spaceport.errors import Conflict
from spaceport.spaces.deploy_rules import FreezeWindow, Rules

APPROVAL = "approval"
FREEZE = "freeze"
SLOT = "slot"
GATES = (APPROVAL, FREEZE)


def locked(rules: Rules, now: datetime) -> str | None:
    """Why nothing may be deployed, as words that complete "The space is …"; None without a lock that holds."""
    if rules.lock is None or not rules.lock.holds(now):
        return None
    until = f" until {rules.lock.expires_at:%Y-%m-%d %H:%M %Z}".rstrip() if rules.lock.expires_at else ""
    return f"locked{until}: {rules.lock.reason}"


def require_unlocked(rules: Rules, now: datetime, repo_id: str) -> None:
    """Raises Conflict `space_locked`."""
    if why := locked(rules, now):
        raise Conflict(
            f"{repo_id} is {why}",
            code="space_locked",
            fix="Wait for the lock's end, or an admin can take it away in the deploy rules.",
        )


def frozen_until(rules: Rules, now: datetime) -> datetime | None:
    """The end of the freeze windows that hold now, or None outside of any. A window begins with its minute."""
    ends = [end for window in rules.freeze_windows if (end := _end(window, now))]
    return max(ends, default=None)


def first(rules: Rules, now: datetime, *, approved: bool = False) -> str:
    """What a deployment waits for to begin with."""
    if rules.approval and not approved:
        return APPROVAL
    return FREEZE if frozen_until(rules, now) else SLOT


def _end(window: FreezeWindow, now: datetime) -> datetime | None:
    """When the window that began last is over; None when it is. By the clocks of its time zone, also on their days."""
    local = now.astimezone(ZoneInfo(window.timezone))
    # What the clocks show, without the zone: croniter would leave out an hour that they show twice.
    shown = local.replace(tzinfo=None)
    began: datetime = croniter(window.cron, shown + timedelta(seconds=1)).get_prev(datetime)
    end = began + timedelta(minutes=window.duration_minutes)
    return end.replace(tzinfo=local.tzinfo, fold=local.fold) if end > shown else None
