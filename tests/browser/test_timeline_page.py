"""The page of a boot in a real browser: it is drawn, nothing is wrong on it, and it asks nobody for anything."""

import itertools

import pytest

from launcher.report.boot_page import page as boot_page
from tests.support.boots import document, failed

pytestmark = pytest.mark.asyncio(loop_scope="session")
WIDE, NARROW = 1280, 360
LINES = """cells => cells.map(cell => {
    const inside = document.createRange(); inside.selectNodeContents(cell);
    return new Set([...inside.getClientRects()].map(box => box.top)).size;
})"""


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The files to look at."""
    directory = tmp_path_factory.mktemp("pages")
    for name, found in (("ready", document()), ("failed", failed())):
        (directory / f"{name}.html").write_text(boot_page(found), encoding="utf-8")
    return directory


async def seen(chromium, file, look, *, width=WIDE, scheme="light"):
    """What `look` finds on the page; what it asked for besides itself, and what went wrong on it."""
    asked, wrong = [], []
    page = await chromium._browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(f"{request.url} failed"))
        await page.goto(file.as_uri())
        found = await look(page)
    finally:
        await page.close()
    outside = [url for url in asked if url != file.as_uri() and not url.startswith("data:")]
    return found, outside, wrong


@pytest.mark.parametrize(("name", "scheme"), [*itertools.product(("ready", "failed"), ("light", "dark"))])
async def test_nothing_is_wrong_on_the_page_and_it_asks_nobody(chromium, pages, name, scheme):
    async def text(page):
        return await page.inner_text("body")

    told, outside, wrong = await seen(chromium, pages / f"{name}.html", text, scheme=scheme)
    assert "shop: the boot" in told
    assert (outside, wrong) == ([], [])


async def test_what_goes_wrong_and_who_is_asked_would_be_seen(chromium, tmp_path):
    file = tmp_path / "bad.html"
    file.write_text('<script>console.error("x"); nowhere()</script><img src="http://127.0.0.1:9/x.png">')

    async def nothing(page):
        await page.wait_for_load_state("load")

    _, outside, wrong = await seen(chromium, file, nothing)
    assert outside == ["http://127.0.0.1:9/x.png"]
    assert len(wrong) >= 2


@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_the_bars_are_on_the_page_to_scale_and_nothing_sticks_out(chromium, pages, width):
    async def measures(page):
        boxes = [await each.bounding_box() for each in await page.query_selector_all("svg g:nth-of-type(1) rect")]
        sideways = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return boxes, sideways

    (boxes, sideways), _, _ = await seen(chromium, pages / "ready.html", measures, width=width)
    track, working, probing, ready = boxes
    assert sideways <= 0
    assert abs(working["x"] + working["width"] - probing["x"]) < 2
    assert probing["width"] / track["width"] == pytest.approx(1.7 / 9, abs=0.02)
    assert abs(ready["x"] + ready["width"] - track["x"] - track["width"]) < 2


@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_names_of_units_stay_whole(chromium, pages, width):
    async def lines(page):
        return await page.eval_on_selector_all(".reasons th, .history td:first-child", LINES)

    for name in ("ready", "failed"):
        found, _, _ = await seen(chromium, pages / f"{name}.html", lines, width=width)
        assert found
        assert set(found) == {1}, "a name is broken into lines"


async def test_segments_differ_in_light_and_dark_and_from_what_is_behind_them(chromium, pages):
    async def shades(page):
        style = "getComputedStyle(document.querySelector('{}')).{}"
        names = (".seg-waiting", ".seg-working", ".seg-probing", ".seg-ready", ".seg-own", ".track")
        fills = [await page.evaluate(style.format(name, "fill")) for name in names]
        return fills, await page.evaluate(style.format("body", "backgroundColor"))

    (light, paper), _, _ = await seen(chromium, pages / "ready.html", shades)
    (dark, night), _, _ = await seen(chromium, pages / "ready.html", shades, scheme="dark")
    assert len(set(light)) == len(set(dark)) == len(light)
    assert paper != night
    assert not set(light) & set(dark)
