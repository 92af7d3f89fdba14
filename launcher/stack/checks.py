"""The tables of a stack file that checks and the gate read: what must hold of a marketplace. Judging is `checks/`."""

from launcher.stack.kinds import Flag, Model, Seconds


class PageSpec(Model, frozen=True):
    """A critical page of the admin: proven in a browser, by what it renders."""

    path: str  # below the admin's path: "/businesses"
    heading: str  # text of a heading that the page shows
    rows: Flag = False  # whether it must show at least one row of a table


class ChecksSpec(Model, frozen=True):
    """`[checks]`: the marketplace's own facts, for `rxlaunch check` and `rxlaunch gate`."""

    baseline: tuple[str, ...] | None = None  # command of `check baseline`; default: `npm run check` where there is one
    baseline_timeout: Seconds = 1800.0
    columns: tuple[str, ...] = ()  # "table.column" that the code needs
    routes: tuple[str, ...] = ()  # of the backend; answer 200, 401 or 403
    pages: tuple[PageSpec, ...] = ()  # critical admin pages, in the order in which they are visited
    product: str | None = None  # path of a product's page below the home page; default: the first one it links to
