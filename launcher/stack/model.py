"""What a stack file may say, as strict frozen models. No file is read here and no rule spans two fields of a stack.

Vocabulary follows docker compose and Kubernetes. Every model refuses unknown keys; `stack/complaints.py` turns
pydantic's errors into complaints with a TOML path and a suggestion; cross-field rules live in `stack/rules.py`.
"""

from typing import Literal

from launcher.stack.checks import ChecksSpec
from launcher.stack.https import HttpsSpec
from launcher.stack.kinds import (
    Condition,
    Count,
    Delay,
    EnvName,
    EnvValue,
    Factor,
    Flag,
    HexLength,
    Length,
    Mode,
    Model,
    Name,
    Port,
    ScriptName,
    Seconds,
    SqlName,
    Status,
)
from launcher.stack.tenants import TenancySpec, TenantSpec


class PortSpec(Model, frozen=True):
    """A named port: `fixed`, or any free one, `prefer`red first; `backend = 9001` means `{ prefer = 9001 }`."""

    prefer: Port | None = None
    fixed: Port | None = None


class ProbeSpec(Model, frozen=True):
    """A readiness or liveness question. Exactly one of http, tcp, postgres, redis, command, log_line is set."""

    http: str | None = None  # a URL; redirects to the same host are followed when follow_redirects is set
    tcp: str | None = None  # host:port
    postgres: str | None = None  # a DSN, usually ${output.database_url}
    redis: str | None = None  # a URL, usually ${output.redis_url}
    command: tuple[str, ...] | None = None  # exit code 0 is ready
    log_line: str | None = None  # a regular expression that a line of the unit's output matches
    status: tuple[Status, ...] = (200,)  # HTTP statuses that count as ready
    contains: str | None = None  # text that the HTTP body must contain
    headers: dict[str, str] = {}
    follow_redirects: Flag = False
    port: Name | None = None  # the named port whose listener must belong to the unit (default: the unit's own)
    after: tuple[Name, ...] = ()  # units without which no answer is good: until they are ready it is asked but seldom
    initial_delay: Delay = 0.0
    period: Seconds = 1.0  # the slowest polling interval; polling starts at 25 ms
    timeout: Seconds = 2.0  # of one attempt, in total
    success_threshold: Count = 1
    failure_threshold: Count = 3  # liveness: failures in a row before the service counts as unhealthy
    deadline: Seconds = 120.0  # readiness: give up after this long


class RestartSpec(Model, frozen=True):
    """When an ended service is started again, and how fast. Delays grow by `factor` from `delay` to `max_delay`."""

    policy: Literal["no", "on-failure", "always"] = "on-failure"
    delay: Seconds = 0.5
    max_delay: Seconds = 30.0
    factor: Factor = 2.0
    max_failures: Count = 5  # failures within `window` after which the service is given up
    window: Seconds = 60.0
    reset_after: Seconds = 30.0  # ready this long clears the count


class StopSpec(Model, frozen=True):
    """How a service is stopped: `signal` to the whole tree or the main process, then KILL after `grace` seconds."""

    signal: Literal["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"] = "SIGTERM"
    scope: Literal["tree", "main"] = "tree"
    grace: Seconds = 10.0


class UnitSpec(Model, frozen=True):
    """What services and tasks have in common."""

    enabled: Flag = True
    stage: Name | None = None  # default: "services" or "tasks"
    command: tuple[str, ...] | None = None  # a list, or one string split like a shell would, without a shell
    cwd: str = "${root}"
    env: dict[EnvName, EnvValue] = {}
    env_file: tuple[str, ...] = ()  # .env files, later wins, under `env`
    contract: Name | None = None  # the table of [contracts] that this unit's environment must satisfy
    inherit_env: Flag = True  # False: only PATH and what the platform needs are taken from the shell
    depends_on: dict[Name, Condition] = {}  # a list means `healthy` for services and `completed` for tasks
    description: str | None = None


class ServiceSpec(UnitSpec, frozen=True):
    """A long-running child: a `command`, or a built-in `provider` that finds or brings a server."""

    provider: Literal["postgres", "redis", "caddy"] | None = None
    source: Literal["auto", "external", "embedded"] = "auto"  # where a provider may take its server from
    port: Name | None = None  # the named port it listens on; default: its own name where [ports] has it
    readiness: ProbeSpec | None = None
    liveness: ProbeSpec | None = None
    restart: RestartSpec = RestartSpec()
    stop: StopSpec = StopSpec()
    watch: tuple[str, ...] = ()  # files or directories; a change restarts the service
    head_start: Flag = False  # begun at a boot before what it depends on, when that had nothing to do the last time


class TaskSpec(UnitSpec, frozen=True):
    """Work that runs to completion: a `command`, or a built-in `action`."""

    action: Name | None = None
    options: dict[str, str | int | float | bool | tuple[str, ...]] = {}  # of the action
    inputs: tuple[str, ...] = ()  # globs; with `outputs`, the command is skipped when nothing changed
    outputs: tuple[str, ...] = ()
    timeout: Seconds = 900.0


class VariableSpec(Model, frozen=True):
    """One variable of an environment contract. Values are never printed."""

    required: Flag = True
    secret: Flag = False
    min_length: Length | None = None
    pattern: str | None = None  # a regular expression the whole value must match
    forbidden: tuple[str, ...] = ()  # placeholders that must be replaced
    generate: HexLength | None = None  # hex characters, made once, kept 0600
    derive: Literal["encryption-key"] | None = None  # R6: from JWT_SECRET, else COOKIE_SECRET, outside CI and prod
    unless: EnvName | None = None  # another variable that serves instead
    add: tuple[str, ...] = ()  # items joined to the comma-separated list the user gave (CORS lists)
    hint: str | None = None  # what to do when it is missing


class RuntimeConfigSpec(Model, frozen=True):
    """The file that tells browser-side and old tooling the ports (R5)."""

    path: str = "launcher_assets/runtime-config.js"
    global_name: ScriptName = "__THERXSPOT_LAUNCHER_PORTS"
    admin_path: str = "/app"


class MarketplaceSpec(Model, frozen=True):
    """Where the parts of the marketplace are, and what its built-in actions need to know."""

    backend: str = "."  # directories, relative to the root
    storefront: str | None = None
    database: SqlName = "medusa"  # of the embedded Postgres
    role: SqlName = "medusa"
    default_region: str = "dk"
    admin_email: str | None = None  # the local administrator created by the seed
    node_compile_cache: Flag = True  # Node 22 and newer keep what they compiled, in the state directory
    node_path_cache: Flag = True  # services run by node remember where their modules are, in the state directory
    expect_text: str | None = None  # what the storefront's home must contain; default: a product of /store/products
    runtime_config: RuntimeConfigSpec | None = RuntimeConfigSpec()


class Stack(Model, frozen=True):
    """A whole stack file, after presets, modes and defaults were merged."""

    extends: str | None = None
    name: Name | None = None
    mode: Mode = "dev"
    reserved_ports: tuple[Port, ...] = (9000,)
    ports: dict[Name, PortSpec] = {}
    env: dict[EnvName, EnvValue] = {}
    env_file: tuple[str, ...] = ()
    services: dict[Name, ServiceSpec] = {}
    tasks: dict[Name, TaskSpec] = {}
    contracts: dict[Name, dict[EnvName, VariableSpec]] = {}
    marketplace: MarketplaceSpec | None = None
    checks: ChecksSpec = ChecksSpec()
    tenants: dict[Name, TenantSpec] = {}
    tenancy: TenancySpec = TenancySpec()
    https: HttpsSpec = HttpsSpec()
    stages: tuple[Name, ...] = ()  # order in which stages are shown
    show: dict[str, str] = {}  # label → template, printed when the stack is ready

    def units(self) -> dict[str, ServiceSpec | TaskSpec]:
        """Every enabled unit by name."""
        both: dict[str, ServiceSpec | TaskSpec] = {**self.services, **self.tasks}
        return {name: unit for name, unit in both.items() if unit.enabled}

    def secret_names(self) -> set[str]:
        """The variables that any contract calls secret."""
        return {name for contract in self.contracts.values() for name, spec in contract.items() if spec.secret}
