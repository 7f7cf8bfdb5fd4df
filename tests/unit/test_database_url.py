import re
import ssl
from pathlib import Path

import certifi
import pytest
from psycopg.conninfo import conninfo_to_dict

from spaceport.db import url
from spaceport.errors import Invalid

CA = certifi.where()
BASE = "postgresql://ada:secret@db.example:5433/app"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def refusal(raw: str) -> Invalid:
    with pytest.raises(Invalid) as caught:
        url.parse(raw)
    assert caught.value.code == "database_url"
    return caught.value


NEVER, OFFERED = False, None
UNCHECKED, AUTHORITY, FULL = (ssl.CERT_NONE, False), (ssl.CERT_REQUIRED, False), (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    ("query", "meaning"),
    [
        ("", OFFERED),
        ("sslmode=prefer", OFFERED),
        ("sslmode=allow", OFFERED),
        ("sslmode=disable", NEVER),
        ("sslmode=require", UNCHECKED),
        ("ssl=true", UNCHECKED),
        ("sslmode=disable&ssl=true", NEVER),
        (f"sslmode=require&sslrootcert={CA}", AUTHORITY),
        (f"sslmode=verify-ca&sslrootcert={CA}", AUTHORITY),
        (f"sslmode=verify-full&sslrootcert={CA}", FULL),
        ("sslmode=verify-full", FULL),
        ("sslmode=verify-full&sslrootcert=system", FULL),
        ("sslrootcert=system", FULL),
        (f"sslmode=prefer&sslrootcert={CA}", OFFERED),
    ],
)
def test_every_sslmode_has_the_meaning_libpq_gives_it(query: str, meaning: object) -> None:
    context = url.parse(f"{BASE}?{query}").pg8000()["ssl_context"]
    assert meaning == (
        (context.verify_mode, context.check_hostname) if isinstance(context, ssl.SSLContext) else context
    )


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("sslmode=always", "must be one of"),
        ("sslmode=verify-ca", "needs sslrootcert"),
        ("sslmode=require&sslrootcert=system", "needs sslmode=verify-full"),
        ("sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "cannot be used: No such file"),
        (f"sslmode=require&sslcert={CA}", "cannot be used"),
        ("channel_binding=require", "needs sslmode=require"),
        ("connect_timeout=soon", "connect_timeout that is not a number"),
        ("port=x", "port that is not a number"),
        ("schema=public&zone=eu", "not known: schema, zone"),
        ("host=a,b", "several hosts"),
    ],
)
def test_parameters_that_cannot_work_are_refused_by_name(query: str, sentence: str) -> None:
    error = refusal(f"{BASE}?{query}")
    assert sentence in error.message
    assert "secret" not in f"{error.message} {error.fix} {error.facts}"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "secret",
        "mysql://ada:secret@db.example/app",
        "postgresql://db.example/app?password=secret",
        "postgresql://ada:x@secret@db.example/app",
        "postgresql://ada:x@secret?secret=1@db.example/app",
        "postgresql://ada:p@db.example:secret/app",
        "postgresql://ada:p@one:1,secret:2/app",
        "postgresql:/ada:secret@db.example/app",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_repeating_it(raw: str) -> None:
    error = refusal(raw)
    assert "secret" not in error.message
    # nor in what a traceback would print below it
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+pg8000", "postgresql+asyncpg"])
def test_every_spelling_of_the_scheme_is_taken(scheme: str) -> None:
    address = url.parse(f"{scheme}://ada:secret@db.example/app")
    assert (address.host, address.port, address.database) == ("db.example", 5432, "app")


def test_percent_encoded_user_and_password_are_decoded_and_a_plus_stays_a_plus() -> None:
    raw = "postgresql://a%40b:p%40ss%2Fw%3Ard%25%231+x@db.example/app?options=-c%20a%3Db+c"
    arguments = url.parse(raw).pg8000()
    assert (arguments["user"], arguments["password"]) == ("a@b", "p@ss/w:rd%#1+x")
    assert arguments["startup_params"]["options"] == "-c a=b+c"


@pytest.mark.parametrize(
    "raw",
    [
        "postgresql://ada@/app?host=/run/postgresql&port=5433",
        "postgresql://ada@%2Frun%2Fpostgresql:5433/app",
        "postgresql://ada@/app?host=%2Frun%2Fpostgresql&port=5433&sslmode=require",
    ],
)
def test_a_folder_as_host_is_a_unix_socket_and_is_never_encrypted(raw: str) -> None:
    address = url.parse(raw)
    assert (address.local, address.host, address.port) == (True, "/run/postgresql", 5433)
    assert address.pg8000()["ssl_context"] is False
    assert conninfo_to_dict(address.conninfo())["host"] == "/run/postgresql"


def test_times_come_back_in_utc_whatever_the_server_is_set_to() -> None:
    assert url.parse(BASE).pg8000()["startup_params"] == {"TimeZone": "UTC"}


def test_what_only_concerns_other_drivers_and_poolers_is_passed_over() -> None:
    url.parse(f"{BASE}?pgbouncer=true&connection_limit=5&target_session_attrs=read-write&keepalives_idle=5")


def test_a_hosted_address_means_the_same_to_both_drivers() -> None:
    raw = (
        "postgresql://ada:s%26cret@ep-cool.eu.example/app?sslmode=verify-full&channel_binding=require"
        "&application_name=me&connect_timeout=4"
    )
    address = url.parse(raw)
    assert address.connect_timeout == 4
    assert address.pg8000()["application_name"] == "me"
    said = conninfo_to_dict(url.conninfo(raw))
    assert Path(said.pop("sslrootcert")).is_file()
    assert said == {
        "user": "ada",
        "password": "s&cret",
        "host": "ep-cool.eu.example",
        "port": "5432",
        "dbname": "app",
        "sslmode": "verify-full",
        "channel_binding": "require",
        "application_name": "me",
        "connect_timeout": "4",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "tcp_user_timeout": "60000",
    }


def test_the_root_file_in_the_home_folder_counts_as_for_libpq(home: Path) -> None:
    (home / ".postgresql").mkdir()
    (home / ".postgresql" / "root.crt").write_bytes(Path(CA).read_bytes())
    context = url.parse(f"{BASE}?sslmode=require").ssl_context
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_an_address_prints_neither_user_nor_password() -> None:
    address = url.parse(BASE)
    assert str(address) == "db.example:5433"
    assert not re.search("secret", repr(address))
