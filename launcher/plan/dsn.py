"""A database URL as Medusa's users write it, turned into one that libpq accepts. Pure."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

_LIBPQ_PARAMETERS = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "host", "hostaddr", "port", "user", "password", "dbname"}
    | {"application_name", "options", "target_session_attrs", "channel_binding", "gssencmode"}
)


def libpq_url(url: str) -> str:
    """A node-postgres URL as libpq takes it: parameters it doesn't know (`?schema=`, `?ssl=`) would be an error."""
    parts = urlsplit(url)
    kept = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name in _LIBPQ_PARAMETERS:
            kept.append((name, "require" if (name, value) == ("sslmode", "no-verify") else value))
    return urlunsplit(parts._replace(query=urlencode(kept, quote_via=quote)))
