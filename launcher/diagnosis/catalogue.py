"""The catalogue of known failures, as data. Add an entry, its lines to tests/diagnosis, and run scripts/failures.py.

Patterns are searched for line by line, in logs of Medusa, Next.js, npm and Node as measured, and in rxlaunch's own
sentences. No pattern may match a line of another entry: tests/diagnosis holds that.
"""

import re

from launcher.values import Value

_LONGEST_LINE = 1000  # characters that are looked at: the supervisor looks, and must not be held up


class Failure(Value, frozen=True):
    """A failure with a name for ever. `fix` is the repair that `doctor --fix` may do (app/doctor/repairs.py)."""

    name: str
    title: str  # what the user sees
    cause: str  # how it comes about
    remedy: str  # what to do, with the command
    patterns: tuple[str, ...] = ()  # none: only a check or an examination can find it
    fix: str | None = None

    def matches(self, line: str) -> bool:
        """Whether a line of a log, or a reason, speaks of it."""
        return any(re.search(pattern, line[:_LONGEST_LINE]) for pattern in self.patterns)


_PORTS = (
    Failure(
        "next-already-running",
        "Next.js runs in the storefront's directory already",
        "two Next servers in one directory write over each other's .next",
        "stop the other one, then `rxlaunch up`",
        (r"Unable to acquire lock at .*\.next", r"Another next dev server is already running"),
    ),
    Failure(
        "port-9000",
        "a service is to listen on a reserved port",
        "port 9000 belongs to development tools (IDEs, debuggers); rxlaunch never uses or looks at it",
        "give the service another port in [ports] of rxlaunch.toml (9001 for the backend)",
        (r"port \d+ of \S+ is reserved",),
    ),
    Failure(
        "port-taken",
        "a port is taken by another process",
        "the port is fixed, or somebody took it between choice and start",
        "stop that process, or let rxlaunch choose: `prefer` instead of `fixed` in [ports], no `--strict-ports`",
        (r"EADDRINUSE", r"port \d+ (is|was) taken by "),
    ),
)
_SERVERS = (
    Failure(
        "redis-unreachable",
        "Redis is not reachable",
        "without Redis Medusa starts, says that it is ready, and hangs at every login",
        "start Redis, correct REDIS_URL in .env, or remove REDIS_URL to use the embedded server",
        (
            r"\[ioredis\] Unhandled error event",
            r"ECONNREFUSED \S+:(6379|16379)\b",
            r"Protocol error, got .* as reply type byte",
            r"\bRedis at \S+(: (connection refused|could not)| does not answer)",
            r"its session store, Redis, does not answer",
        ),
    ),
    Failure(
        "postgres-refuses",
        "Postgres refuses the user, the password or the database",
        "DATABASE_URL names a role, a password or a database that the server does not know",
        "correct user, password and database in DATABASE_URL, create the database, "
        "or remove DATABASE_URL to use the embedded server",
        (
            r"password authentication failed for user",
            r"database \"[^\"]+\" does not exist",
            r"role \"[^\"]+\" does not exist",
            r"Postgres at \S+ as \S+: the database does not exist",
        ),
    ),
    Failure(
        "postgres-unreachable",
        "Postgres is not reachable",
        "nothing answers at DATABASE_URL; Medusa itself says nothing for a minute and gives up after five",
        "start Postgres, correct DATABASE_URL in .env, or remove DATABASE_URL to use the embedded server",
        (
            r"KnexTimeoutError",
            r"Timeout acquiring a connection",
            r"Pg connection failed to connect",
            r"ECONNREFUSED \S+:(5432|15432)\b",
            r"Postgres at \S+ as \S+(: connection refused| does not answer|: could not)",
            r"the database \S+ does not answer",
        ),
    ),
)
_SCHEMA = (
    Failure(
        "missing-column",
        "the database lacks a column that the code uses",
        "Medusa starts all the same, and only the routes that use the column fail; the migration that makes it counts "
        "as applied, or does not exist",
        "`rxlaunch doctor --fix` adds the column as its migration defines it; without such a migration, make one "
        "(npx medusa db:generate MODULE)",
        (r"column [\w.\"]+ (of relation \"[^\"]+\" )?does not exist", r"\b42703\b"),
        fix="add-columns",
    ),
    Failure(
        "schema-behind",
        "the database's schema is behind the code",
        "migrations were not applied: the database is empty, restored from an older dump, or another one",
        "`rxlaunch up --fresh` (or npx medusa db:migrate) migrates again",
        (r"(?<! of )relation \"[^\"]+\" does not exist", r"\b42P01\b", r"migrations? (is|are) not applied"),
        fix="migrate",
    ),
)
_SECRETS = (
    Failure(
        "secret-missing",
        "a secret or a variable that the backend needs is not set",
        "the backend was started without it",
        "let rxlaunch start the backend, which supplies it, or set it in .env",
        (
            r"(JWT_SECRET|COOKIE_SECRET|DATABASE_URL|REDIS_URL|[A-Z]{1,20}_CORS)\b( environment variable)? is not set",
            r"http\.(jwt|cookie)Secret not found",
            r"Missing encryption key\. Set ENCRYPTION_KEY_CURRENT",
            r"ENCRYPTION_KEY_CURRENT \(or DATABASE_ENCRYPTION_KEY\) is not set",
        ),
    ),
    Failure(
        "secret-short",
        "a secret is too short",
        "the backend wants at least 64 characters",
        "set it to the output of `openssl rand -hex 32`, or remove it from .env: rxlaunch then makes one and keeps it",
        (r"(JWT_SECRET|COOKIE_SECRET):? must be at least \d+ characters long",),
        fix="drop-secrets",
    ),
)
_KEYS = (
    Failure(
        "key-placeholder",
        "the storefront's publishable key is a template's placeholder",
        ".env still holds the value of the template",
        "remove NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY from .env: rxlaunch finds or makes a key",
        (r"PUBLISHABLE_KEY:? (still )?has the placeholder of a template",),
        fix="new-key",
    ),
    Failure(
        "key-missing",
        "the storefront has no publishable key",
        "it was started without NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY, or asks without it",
        "let rxlaunch start the storefront: it finds or makes a key; `rxlaunch why publishable-key`",
        (
            r"NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY is not set",
            r"^\W*NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY\W*$",
            r"Publishable API key required in the request header",
        ),
    ),
    Failure(
        "key-revoked",
        "the storefront's publishable key is revoked",
        "it was revoked or deleted in the admin, or its sales channel is gone",
        "remove it from .env, and `rxlaunch restart publishable-key storefront`",
        (r"PUBLISHABLE_KEY \(\S+\) (is revoked|is linked to no sales channel)",),
        fix="new-key",
    ),
    Failure(
        "key-unknown",
        "the backend does not know the storefront's publishable key",
        "the key is of another database, or was revoked after the storefront started",
        "remove it from .env, and `rxlaunch restart publishable-key storefront`",
        (
            r"A valid publishable key is required",
            r"PUBLISHABLE_KEY \(\S+\) is not in this database",
            r"rejects the storefront's publishable key",
        ),
        fix="new-key",
    ),
    Failure(
        "not-seeded",
        "the database has no sales channel",
        "it was migrated and not seeded: there is nothing a key could be linked to",
        "run the project's seed (`npm run seed`), then `rxlaunch up`",
        (r"has no sales channel to link",),
        fix="seed",
    ),
    Failure(
        "no-regions",
        "the store has no region",
        "the database was migrated and not seeded, or its regions were deleted",
        "run the project's seed (`npm run seed`), or create a region in the admin",
        (r"has no region: the storefront", r"No regions found\. Please set up regions"),
        fix="seed",
    ),
)
_ADMIN = (
    Failure(
        "admin-not-built",
        "the admin is not built",
        "Medusa serves the admin from files that `medusa build` makes",
        "`rxlaunch restart admin-build backend`, or `rxlaunch up --fresh`",
        (r"index\.html in the admin build", r"names no script: it is no built admin"),
        fix="rebuild-admin",
    ),
    Failure(
        "admin-stale",
        "the admin was built from other sources",
        "sources, packages or configuration changed after the last build, or the backend still serves an older page",
        "`rxlaunch restart admin-build backend`",
        fix="rebuild-admin",
    ),
    Failure(
        "asset-missing",
        "the admin stays blank: a file that its page loads is not there",
        "the build is incomplete, or older than the page; Medusa answers 200 with a page of HTML in its place",
        "`rxlaunch restart admin-build backend`: the backend reads the page once, at its start",
        (r"is missing \(a page is served in its place\)", r"the admin's page names \S+, which is not there"),
        fix="rebuild-admin",
    ),
    Failure(
        "wrong-mime",
        "the admin stays blank: a script is served with the wrong type",
        "browsers run no module that is not JavaScript by its type; a proxy or a missing file changed it",
        "`rxlaunch restart admin-build backend`; behind a proxy, let it pass content types on",
        (
            r"Expected a JavaScript(-or-Wasm)? module script but the server responded with a MIME type",
            r"\.(js|mjs|css) is served as ",
        ),
        fix="rebuild-admin",
    ),
    Failure(
        "admin-foreign-origin",
        "the admin calls another address than the one it is served from",
        "the bundle was built for that address (MEDUSA_BACKEND_URL or admin.backendUrl at build time): login ends in "
        "“Failed to fetch”",
        '`rxlaunch up --fresh` builds it anew; if it comes back, set admin.backendUrl to "/" in medusa-config',
        (r"writes \S+ into its admin \(admin\.backendUrl",),
        fix="rebuild-admin",
    ),
    Failure(
        "admin-unprotected",
        "an admin route answers without a login",
        "a custom route is mounted outside /admin, or its middleware leaves authentication out",
        "require authentication for it in src/api/middlewares.ts: authenticate('user', ['session', 'bearer'])",
    ),
    Failure(
        "cors-refuses",
        "the backend refuses the origin of the storefront or the admin",
        "STORE_CORS, ADMIN_CORS or AUTH_CORS lacks it: pages load, and their requests fail in the browser",
        "add the origin to those lists in .env, or remove them: rxlaunch fills them in from the ports it chose",
        (r"blocked by CORS policy", r"(STORE|ADMIN|AUTH)_CORS lacks "),
        fix="complete-cors",
    ),
)
_TENANTS = (
    Failure(
        "tenant-crossed",
        "a tenant's key shows its goods on another tenant's host",
        "Medusa looks at the key alone, and nothing compares it with the host",
        "compare the tenant of x-tenant-host with the key's sales channel in a middleware of /store",
    ),
    Failure(
        "tenant-unresolved",
        "a tenant's host leads to no tenant",
        "its domain is not in the database or not verified, or the storefront asks without a publishable key",
        "`rxlaunch tenants apply`, or correct the domain",
    ),
    Failure(
        "tenant-open",
        "a host that must be refused is served",
        "an unknown host, an inactive tenant or an unverified domain gets a store all the same",
        "answer 404 for it in the tenant middleware",
    ),
)
_MACHINE = (
    Failure(
        "node-too-old",
        "Node.js is too old",
        "Medusa 2 and Next.js 15 need Node.js 20 or newer; an older one is first on the PATH",
        'install Node.js 20 or newer, or let rxlaunch bring it: pip install "rxlaunch[embedded]"',
        (
            r"is v\d+\.\d+\.\d+\S*, older than \d+",
            r"npm (ERR!|error) code EBADENGINE",
            r"Node\.js version .+ is required",
        ),
    ),
    Failure(
        "packages-missing",
        "npm packages are not installed",
        "node_modules is missing or incomplete",
        "`rxlaunch up` installs them; or npm ci",
        (r"Cannot find (module|package) '", r"ERR_MODULE_NOT_FOUND", r"\bnot installed( in |: no node_modules|$)"),
        fix="reinstall",
    ),
    Failure(
        "packages-out-of-step",
        "packages and lock file are out of step",
        "package.json or the lock file changed after the packages were installed, or they do not agree",
        "npm ci; when the lock file itself is behind package.json, npm install, and commit it",
        (
            r"npm (ERR!|error) code EUSAGE",
            r"can only install packages when your package\.json and package-lock\.json .* in sync",
            r"ERR_PNPM_OUTDATED_LOCKFILE",
            r"package\.json and \S+ do not agree",
        ),
        fix="reinstall",
    ),
    Failure(
        "npm-unreachable",
        "the package registry is not reachable",
        "the network, its proxy, or the registry named in .npmrc",
        "look at the network, the proxy and .npmrc, then `rxlaunch up`",
        (r"npm (ERR!|error).*\b(ENOTFOUND|ETIMEDOUT|ECONNRESET|EAI_AGAIN|ECONNREFUSED|ERR_SOCKET_TIMEOUT)\b",),
    ),
    Failure(
        "disk-full",
        "the disk is full",
        "nothing can be written any more: neither builds nor databases nor logs",
        "make room, then `rxlaunch up`",
        (r"ENOSPC", r"No space left on device"),
    ),
    Failure(
        "out-of-memory",
        "out of memory",
        "Node reached its heap limit, or the system killed the largest process",
        "close something, or give Node more: NODE_OPTIONS=--max-old-space-size=4096",
        (r"heap out of memory", r"killed by signal 9\b"),
    ),
    Failure(
        "files-open",
        "others of this machine can read what is secret",
        "the state directory or a file of secrets in it was opened to them",
        "`rxlaunch doctor --fix` closes them again",
        fix="close-files",
    ),
)
CATALOGUE = (*_PORTS, *_SERVERS, *_SCHEMA, *_SECRETS, *_KEYS, *_ADMIN, *_TENANTS, *_MACHINE)
