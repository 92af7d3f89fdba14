"""The architecture, as data: reading LAYERS from top to bottom is reading the design."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "launcher"

LAYERS = (  # a package may import only from the lines below its own
    "__main__",
    "cli",
    "app",
    "checks",
    "run control dashboard probes ports logs telemetry services marketplace browser report export",
    "diagnosis",
    "plan state",
    "stack events native findings",
    "errors paths characters glance",
    "values where",
)
OWNERS = {  # who may import which dependency, even lazily
    "click": ("cli/",),
    "msgspec": ("stack/", "values.py"),
    "dotenv": ("stack/",),
    "psutil": ("native/", "run/usage.py", "ports.py"),
    "filelock": ("state/lock.py", "ports.py"),
    "httpx": ("probes/http.py", "marketplace/medusa.py"),
    "redis": ("probes/redis.py",),
    "psycopg": ("probes/postgres.py", "marketplace/database.py"),
    "tomli_w": ("stack/write.py",),
    "h11": ("control/http.py",),
    "rich": ("dashboard/terminal.py",),
    "structlog": ("telemetry.py",),
    "watchfiles": ("run/watching.py",),
    "playwright": ("browser/",),
    "platformdirs": ("paths.py",),
}
SAME_LAYER = {  # the only neighbours that may know each other, and why
    ("native", "events"),  # the contract of a child gives back events.Exit
}
RANK = {name: rank for rank, line in enumerate(LAYERS) for name in line.split()}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)


def imported(path: Path) -> set[str]:
    """Dotted names imported anywhere in the file, inside functions included."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: use absolute imports"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def violations(path: Path, names: set[str]) -> list[str]:
    """The names that the module at `path` may not import."""
    here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    found = []
    for name in sorted(names):
        root, _, rest = name.partition(".")
        there = rest.partition(".")[0]
        if root == "launcher" and there in RANK and there != here and (here, there) not in SAME_LAYER:
            assert here in RANK, f"{here} is in no layer"
            if RANK[here] >= RANK[there]:
                found.append(name)
    return found


def test_data_flows_one_way():
    wrong = {str(path.relative_to(PACKAGE)): bad for path in MODULES if (bad := violations(path, imported(path)))}
    assert wrong == {}


def test_the_layer_test_can_fail():
    assert violations(PACKAGE / "stack" / "model.py", {"launcher.app.boot"}) == ["launcher.app.boot"]
    assert violations(PACKAGE / "probes" / "http.py", {"launcher.logs.files"}) == ["launcher.logs.files"]


def test_every_dependency_has_an_owner():
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in MODULES
        for name in imported(path)
        if not path.relative_to(PACKAGE).as_posix().startswith(OWNERS.get(name.partition(".")[0], ("",)))
    ]
    assert wrong == []


def test_every_package_and_module_is_in_a_layer():
    tops = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES} - {"__init__"}
    assert tops <= RANK.keys()


def test_the_platform_is_asked_about_in_one_package_only():
    asking = {
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if any(word in path.read_text(encoding="utf-8") for word in ("sys.platform", "os.name", "platform.system"))
    }
    assert {name for name in asking if not name.startswith("native/")} == set()


def test_every_module_says_what_lives_in_it():
    silent = [str(p.relative_to(PACKAGE)) for p in MODULES if not ast.get_docstring(ast.parse(p.read_text("utf-8")))]
    assert silent == []


def test_nobody_waits_in_a_way_that_swallows_cancellations():
    """On Python 3.11 asyncio.wait_for forgets a cancellation that meets a result; asyncio.timeout does not."""
    guilty = [str(p.relative_to(PACKAGE)) for p in MODULES if "asyncio.wait_for(" in p.read_text(encoding="utf-8")]
    assert guilty == []
