"""DATABASE_URL in libpq form, read once and written out for each of the two drivers.

No error raised here repeats anything of the address but the names of its parameters: in a mistyped address
the password can sit anywhere.
"""

import re
import ssl
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from spaceport.db import tls
from spaceport.errors import Invalid

CONNECT_TIMEOUT = 10.0
EXAMPLE = "postgresql://user:password@host:5432/database?sslmode=require"

# Known to libpq, other drivers or poolers, and without a meaning for this one.
_WITHOUT_EFFECT = re.compile(
    r"client_encoding|connection_limit|fallback_application_name|gssencmode|keepalives(_count|_idle|_interval)?"
    r"|pgbouncer|pool_timeout|sslnegotiation|sslsni|target_session_attrs"
)


@dataclass(frozen=True)
class Address:
    """`host` is a name, an IP address or, beginning with a slash, the folder of a Unix socket."""

    user: str
    password: str | None = field(repr=False)
    host: str
    port: int
    database: str | None
    tls: tls.Tls
    ssl_context: ssl.SSLContext | Literal[False] | None = field(repr=False)
    connect_timeout: float = CONNECT_TIMEOUT
    channel_binding: str | None = None
    options: str | None = None
    application_name: str | None = None

    def __str__(self) -> str:
        """Where, without who."""
        return self.host if self.local else f"{self.host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether a Unix socket leads there."""
        return self.host.startswith("/")

    def pg8000(self) -> dict[str, Any]:
        """Arguments of pg8000's `connect` next to its `sock`. Times come back in UTC."""
        return {
            "host": self.host,  # the name in the certificate
            # libpq does not encrypt Unix sockets either; False also saves building a context per connection.
            "ssl_context": False if self.local else self.ssl_context,
            "user": self.user,
            "password": self.password,
            "database": self.database,
            "application_name": self.application_name,
            "startup_params": {"TimeZone": "UTC"} | ({"options": self.options} if self.options else {}),
        }

    def conninfo(self) -> str:
        """For psycopg: contains the password."""
        remote: dict[str, Any] = self.tls.conninfo() | {
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "tcp_user_timeout": 60_000,
        }
        return make_conninfo(
            user=self.user,
            password=self.password,
            host=self.host,
            port=self.port,
            dbname=self.database,
            connect_timeout=round(self.connect_timeout),
            channel_binding=self.channel_binding,
            options=self.options,
            application_name=self.application_name,
            **({} if self.local else remote),
        )


def conninfo(raw: str) -> str:
    """A libpq connection string for psycopg, with the same meaning as `parse` gives the address."""
    return parse(raw).conninfo()


def parse(raw: str) -> Address:
    """Raises Invalid, code `database_url`, which never repeats the address."""
    address, query = _split(raw)

    def take(name: str, default: str | None = None) -> str | None:
        return query.pop(name, None) or default

    host = query.pop("host", None) or unquote(address.host or "localhost")
    user = take("user", address.username)
    if not user:
        raise _invalid("names no user")
    if "," in host and not host.startswith("/"):
        raise _invalid("names several hosts; one is supported")
    encryption = _tls(query)
    context = encryption.context()
    binding = take("channel_binding")
    if binding == "require" and not context:
        raise _invalid("asks for channel_binding=require, which needs sslmode=require or stronger")
    result = Address(
        user=user,
        password=take("password", address.password),
        host=host,
        port=int(_number("port", take("port"), address.port or 5432)),
        database=take("dbname", address.database),
        tls=encryption,
        ssl_context=context,
        connect_timeout=_number("connect_timeout", take("connect_timeout"), CONNECT_TIMEOUT),
        channel_binding=binding,
        options=take("options"),
        application_name=take("application_name", "spaceport"),
    )
    if unknown := sorted(name for name in query if not _WITHOUT_EFFECT.fullmatch(name)):
        raise _invalid(f"has parameters that are not known: {', '.join(unknown)}")
    return result


def _split(raw: str) -> tuple[URL, dict[str, str]]:
    scheme, _, rest = raw.strip().partition("://")
    if scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise _invalid("does not begin with postgresql://")
    if rest.count("@") > 1:  # part of the password would be taken for the host or a parameter, and shown
        raise _invalid("has more than one @; write %40 for the one in the password")
    try:
        # A plus sign is a plus sign in libpq's form, not a blank.
        url = make_url("postgresql://" + rest.replace("+", "%2B"))
    except (ArgumentError, ValueError):
        raise _invalid("cannot be read") from None
    return url, {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}


def _tls(query: dict[str, str]) -> tls.Tls:
    mode = query.pop("sslmode", None)
    if query.pop("ssl", None) in {"true", "1"} and mode is None:
        mode = "require"
    return tls.resolve(mode, *(query.pop(name, None) for name in ("sslrootcert", "sslcert", "sslkey", "sslpassword")))


def _number(name: str, value: str | None, default: float) -> float:
    if value is None:
        return default
    if not re.fullmatch(r"\d{1,6}", value):
        raise _invalid(f"has a {name} that is not a number")
    return float(value)


def _invalid(what: str) -> Invalid:
    return Invalid(f"DATABASE_URL {what}.", code="database_url", fix=f"The form is {EXAMPLE}")
