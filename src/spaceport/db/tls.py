"""libpq's `sslmode` as an SSL context for pg8000, which knows no `sslmode`."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import certifi

from spaceport.errors import Invalid

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SYSTEM = "system"


@dataclass(frozen=True)
class Tls:
    """How to encrypt. `rootcert` is a file, or `system` for the list of public authorities."""

    mode: str
    rootcert: str | None = None
    cert: str | None = None
    key: str | None = None
    keypass: str | None = field(default=None, repr=False)

    def context(self) -> ssl.SSLContext | Literal[False] | None:
        """False: never TLS. None: TLS if the server offers it, unchecked. A context: TLS or no connection.

        One context serves every connection of a pool: building it costs more than the handshake.
        """
        if self.mode == "disable":
            return False
        if self.mode in {"allow", "prefer"}:
            return None
        try:
            context = ssl.create_default_context(cafile=None if self.rootcert == SYSTEM else self.rootcert)
            if self.cert:
                context.load_cert_chain(self.cert, self.key, self.keypass or "")
        except OSError as error:
            raise Invalid(
                f"The certificate files named in DATABASE_URL cannot be used: {error.strerror}.",
                code="database_url",
                fix="Check sslrootcert, sslcert, sslkey and sslpassword.",
            ) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = self.mode == "verify-full"
        if self.mode == "require":
            context.verify_mode = ssl.CERT_NONE
        return context

    def conninfo(self) -> dict[str, str | None]:
        """The same for libpq, with `system` as a file: the libpq in psycopg's wheels finds no system list."""
        system = ssl.get_default_verify_paths().cafile or certifi.where()
        return {
            "sslmode": self.mode,
            "sslrootcert": system if self.rootcert == SYSTEM else self.rootcert,
            "sslcert": self.cert,
            "sslkey": self.key,
            "sslpassword": self.keypass,
        }


def resolve(
    mode: str | None,
    rootcert: str | None,
    cert: str | None = None,
    key: str | None = None,
    keypass: str | None = None,
) -> Tls:
    """What libpq would do with these parameters, its default root file included."""
    mode = mode or ("verify-full" if rootcert == SYSTEM else "prefer")
    if mode not in MODES:
        raise Invalid(
            f"sslmode must be one of {', '.join(MODES)}.",
            code="database_url",
            fix="Most providers want sslmode=require.",
        )
    rootcert = rootcert or _root_at_home()
    if rootcert == SYSTEM and mode != "verify-full":
        raise Invalid("sslrootcert=system needs sslmode=verify-full.", code="database_url")
    if mode == "require" and rootcert:
        mode = "verify-ca"  # libpq: a root file turns require into verify-ca
    if mode == "verify-ca" and not rootcert:
        raise Invalid(
            "sslmode=verify-ca needs sslrootcert.",
            code="database_url",
            fix="Name its file in sslrootcert, or use sslmode=verify-full for a public authority.",
        )
    if mode == "verify-full" and not rootcert:
        rootcert = SYSTEM  # libpq would refuse; public authorities are what hosted databases use
    return Tls(mode, rootcert, cert, key, keypass)


def _root_at_home() -> str | None:
    try:
        path = Path.home() / ".postgresql" / "root.crt"
        return str(path) if path.exists() else None
    except (OSError, RuntimeError):  # a home closed to us, as in a container that keeps HOME=/root; or none
        return None
