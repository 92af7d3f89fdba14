"""The names that a stack file may use without defining them: built-in actions, modes, template namespaces."""

ACTIONS = (
    "node-packages",
    "medusa-migrate",
    "medusa-seed",
    "medusa-build",
    "next-build",
    "publishable-key",
    "runtime-config",
    "verify-backend",
    "verify-admin",
    "verify-storefront",
    "verify-https",
)
VERIFY = "verify-"  # actions that ask a running stack whether it works

MODES = ("dev", "production")

NAMED_SPACES = ("port", "url", "env", "output", "dir")  # ${port.NAME}
PLAIN_SPACES = ("root", "state", "mode")  # ${root}
DIRECTORIES = ("backend", "storefront")  # ${dir.NAME}, of the marketplace

QUESTIONS = ("http", "tcp", "postgres", "redis", "command", "log_line")  # a probe asks exactly one
WORK = ("command", "provider", "action")  # a unit does exactly one
