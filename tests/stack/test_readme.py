"""What the README shows must work."""

import re
from pathlib import Path

from launcher.cli.root import VERBS, root
from launcher.errors import STAGE_EXIT_CODES
from tests.support.stack_files import loaded

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_stack_file_in_the_readme_loads_and_so_does_each_table_that_is_shown_further_down(tmp_path):
    whole, *tables = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    for example in (whole, *(f"{whole}\n{table}" for table in tables)):
        stack = loaded(tmp_path, example).stack
        assert {"mailpit", "backend", "storefront"} <= stack.services.keys()


def test_the_readme_names_every_command_and_no_other():
    named = set(re.findall(r"`(?:rxlaunch )?([a-z-]+)[^`]*`", README.split("| command |")[1].split("Useful with")[0]))
    verbs = {name for name in VERBS if not root.get_command(None, name).hidden}
    assert verbs <= named


def test_the_readme_documents_the_exit_code_of_every_stage():
    table = README.split("### Exit codes")[1].split("###")[0]
    for code in (0, 1, 2, 3, 4, 17, 130, 143, *STAGE_EXIT_CODES.values()):
        assert f"| {code} |" in table
