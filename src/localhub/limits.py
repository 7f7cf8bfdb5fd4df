"""Rate limits: fixed windows per caller and per kind of request."""

import math
import time

from localhub.accounts import Caller
from localhub.config import PLAN_QUOTAS, Config

UNLIMITED = "/xet/"
"""Another service with the Hub, outside its quotas."""


class Limits:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._window = 0
        self._used: dict[tuple[str, str], int] = {}

    def take(self, caller: Caller, address: str, path: str) -> tuple[bool, dict[str, str]]:
        """Counts one request. Says whether it is allowed, and the headers that tell the caller what is left."""
        if path.startswith(UNLIMITED):
            return True, {}
        bucket = _bucket(path)
        quota = self._quota(caller, bucket)
        length = self._config.rate_window
        window, into = divmod(time.time(), length)
        if window != self._window:
            self._window, self._used = int(window), {}
        key = (caller.name or address, bucket)
        used = self._used[key] = self._used.get(key, 0) + 1
        reset = math.ceil(length - into)
        headers = {
            "RateLimit": f'"{bucket}";r={max(0, quota - used)};t={reset}',
            "RateLimit-Policy": f'"fixed window";"{bucket}";q={quota};w={length}',
        }
        allowed = used <= quota
        return allowed, headers if allowed else headers | {"Retry-After": str(reset)}

    def _quota(self, caller: Caller, bucket: str) -> int:
        if bucket == "api" and self._config.api_quota is not None:
            return self._config.api_quota
        plan = caller.user.plan if caller.user else "anonymous"
        return PLAN_QUOTAS.get(plan, PLAN_QUOTAS["free"])[bucket]


def _bucket(path: str) -> str:
    if "/resolve/" in path:
        return "resolvers"
    return "api" if path.startswith("/api/") else "pages"
