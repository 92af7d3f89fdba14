import itertools

import pytest

from tests.support import platforms
from tests.support.marketplace import MEDUSA_TABLES, SEED, Context, Web, connect, private_postgres

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    if url := platforms.started(platforms.POSTGRES):
        with connect(url, autocommit=True) as connection:
            connection.execute("alter role medusa password 'right horse'")  # the difficult one the tests expect
        yield url.replace("right-horse", "right%20horse")
        return
    with private_postgres(tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture
def empty_database(postgres):
    name = f"shop_{next(_numbers)}"
    with connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return postgres.rpartition("/")[0] + "/" + name


@pytest.fixture
def database(empty_database):
    with connect(empty_database) as connection:
        connection.execute(MEDUSA_TABLES)
        connection.execute(SEED)
    return empty_database


@pytest.fixture
def sql(database):
    def run(query, *values):
        with connect(database) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else None

    return run


@pytest.fixture
def context(tmp_path):
    root = tmp_path / "checkout"
    root.mkdir()
    return Context(root)


@pytest.fixture
def web():
    with Web() as server:
        yield server
