"""Counting the time for which the Hub bills a space: Starting and Running, each replica (its contract, section 6.3).

Counted from one look at the Space to the next: what it was found to be at the first is taken to have lasted until the
second. The Hub sends no bill to compare with, so this is an estimate to the minute.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from spaceport.hub.model import BILLED_STAGES

# Looks come every minute. What lies between two that are farther apart may have been anything.
LONGEST_GAP = timedelta(minutes=10)

# One that starts is billed before the Hub counts it.
REPLICAS = """greatest(1, CASE jsonb_typeof(observation.replicas -> 'current')
                    WHEN 'number' THEN CAST(observation.replicas ->> 'current' AS numeric)::int ELSE 1 END)"""
_ACCRUE = text(f"""
    WITH seen AS (
        SELECT space.id, coalesce(observation.hardware, observation.requested_hardware) AS hardware,
            CAST(:until AS timestamptz) - observation.observed_at <= :longest AS observed,
            CAST(round(extract(epoch FROM CAST(:until AS timestamptz) - observation.observed_at)) AS bigint)
                * {REPLICAS} AS seconds,
            tier.micro_usd_per_minute AS price
        FROM observation JOIN space ON space.id = observation.space_id
        LEFT JOIN hardware_tier tier
        ON tier.endpoint = space.endpoint AND tier.name = coalesce(observation.hardware, observation.requested_hardware)
        WHERE observation.space_id = ANY(:ids) AND observation.stage = ANY(:billed)
            AND coalesce(observation.hardware, observation.requested_hardware) IS NOT NULL
            AND observation.observed_at < :until
        ORDER BY space.id FOR NO KEY UPDATE OF observation
    )
    INSERT INTO space_usage AS usage
        (space_id, day, hardware, seconds, micro_usd, unpriced_seconds, unobserved_seconds)
    SELECT id, (CAST(:until AS timestamptz) AT TIME ZONE 'UTC')::date, hardware,
        CASE WHEN observed THEN seconds ELSE 0 END,
        CASE WHEN observed THEN round(seconds * coalesce(price, 0) / 60.0) ELSE 0 END,
        CASE WHEN observed AND price IS NULL THEN seconds ELSE 0 END,
        CASE WHEN observed THEN 0 ELSE seconds END
    FROM seen
    ON CONFLICT (space_id, day, hardware) DO UPDATE SET
        seconds = usage.seconds + excluded.seconds,
        micro_usd = usage.micro_usd + excluded.micro_usd,
        unpriced_seconds = usage.unpriced_seconds + excluded.unpriced_seconds,
        unobserved_seconds = usage.unobserved_seconds + excluded.unobserved_seconds
""")  # noqa: S608 - a constant of ours


def accrue(session: Session, space_ids: Collection[str], until: datetime) -> None:
    """Count the time since the last look at these spaces, before the new look replaces it."""
    parameters = {"ids": list(space_ids), "until": until, "longest": LONGEST_GAP, "billed": sorted(BILLED_STAGES)}
    session.execute(_ACCRUE, parameters)
