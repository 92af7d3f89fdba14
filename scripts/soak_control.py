"""The negative controls of a soak: what its checks are for is planted, and must be noticed."""

import subprocess
import sys
import time

from scripts.soak_checks import books, database_url, left_behind
from scripts.soak_stack import SoakStack
from tests.support import processes


def controls(stack: SoakStack) -> list[tuple[str, bool]]:
    """Plant what the checks are for; what was planted, and whether it was noticed. The stack must be down."""
    clean = not left_behind(stack)
    planted = [("nothing is found where nothing is wrong", clean)]
    planted += [(f"a leaked process {how}", noticed) for how, noticed in _leaks(stack)]
    rows = stack.acknowledged()
    planted.append(("a deleted row", _noticed_in_table(stack, "delete from soak where number = %s", rows[0], "lost")))
    planted.append(
        (
            "a row that is there twice",
            _noticed_in_table(stack, "insert into soak values (%s)", rows[1], "more than once"),
        )
    )
    return planted


def _leaks(stack: SoakStack) -> list[tuple[str, bool]]:
    """Leaked processes that each show one mark only."""
    leaf = (sys.executable, "-I", "-S", "-c", processes.LEAF)
    nowhere = "/"
    hidden = {"PATH": processes.PATH}
    cases = (
        ("with the tag in argv", (*leaf, stack.marks.tag, str(stack.directory / "other")), hidden, nowhere),
        ("with the tag in its environment", (*leaf, "x", str(stack.directory / "other")), stack.env, nowhere),
        ("in the stack's directory", (*leaf, "x", str(stack.directory / "other")), hidden, str(stack.root)),
        ("of which only the heart is heard", (*leaf, "x", str(stack.marks.heartbeat)), hidden, nowhere),
    )
    found = []
    for how, argv, env, cwd in cases:
        with subprocess.Popen(argv, env=env, cwd=cwd) as leaked:
            try:
                time.sleep(0.3)
                found.append((how, bool(left_behind(stack))))
            finally:
                leaked.kill()
    return found


def _noticed_in_table(stack: SoakStack, statement: str, number: int, word: str) -> bool:
    import psycopg

    stack.run("up", "-d", "postgres")
    with psycopg.connect(database_url(stack), connect_timeout=10, autocommit=True) as connection:
        connection.execute(statement.encode(), (number,))
    return any(word in problem for problem in books(stack).problems)
