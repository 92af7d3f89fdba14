"""A marketplace of a few pages for real browsers: an admin to sign in to, a storefront with products."""

import contextlib
import json
from contextlib import asynccontextmanager

from launcher.checks.contract import Target
from launcher.marketplace.medusa import open_site
from launcher.stack.checks import ChecksSpec, PageSpec
from tests.support.marketplace import Reply, Web, as_json

LOGIN = ("admin@example.com", "correct horse battery")
FORM = '<form><input name="email"><input name="password" type="password"><button type="submit">Go</button></form>'
APPLICATION = """
import { pages } from "/app/assets/pages.js";
const root = document.querySelector("#root");
const show = (name) => { history.pushState({}, "", "/app/" + name); pages[name](document.querySelector("main")); };
async function shell() {
  root.innerHTML = '<aside></aside><main></main>';
  await new Promise((done) => setTimeout(done, SIDEBAR_AFTER));
  document.querySelector("aside").innerHTML =
    Object.keys(pages).map((name) => `<a href="/app/${name}">${name}</a> `).join("");
  for (const link of document.querySelectorAll("aside a"))
    link.onclick = (event) => { event.preventDefault(); show(link.getAttribute("href").slice(5)); };
  show("orders");
}
await fetch("/admin/users/me");
root.innerHTML = `FORM`;
document.querySelector("form").onsubmit = async (event) => {
  event.preventDefault();
  const answer = await fetch("/auth/user/emailpass", { method: "POST", body: "{}" });
  if (answer.ok && (await fetch("/auth/session", { method: "POST" })).ok) await shell();
  else root.append("Wrong email or password");
};
"""
PAGES = """
export const pages = {
  orders: (main) => { main.innerHTML = "<h1>Orders</h1>"; },
  businesses: async (main) => {
    const rows = await (await fetch("/admin/custom/businesses")).json();
    main.innerHTML = "<h1>Businesses</h1><table><tbody>" + rows.map((r) => `<tr><td>${r}</td></tr>`).join("") +
      "</tbody></table>";
  },
};
"""
HOME = '<h1>Shop</h1><ul><li><a href="/dk/products/tea">Tea – €4.00</a></li></ul><script src="/shop.js"></script>'
TEA = '<nav><a href="/dk">All</a></nav><h1>Tea</h1><p>Green.</p><p class="price">€4.00</p>'


class SmallMarketplace:
    """Both servers, and what a check is told of them."""

    def __init__(self, backend: Web, shop: Web) -> None:
        self.backend, self.shop = backend, shop
        self.checks = ChecksSpec(
            pages=(
                PageSpec(path="/orders", heading="Orders"),
                PageSpec(path="/businesses", heading="Businesses", rows=True),
            )
        )
        html = '<div id="root"></div><script type="module" src="/app/assets/index.js"></script>'
        self.backend.otherwise = Reply(html)  # as Medusa: whatever is missing is the page
        self.backend.pages |= {
            "/admin/users/me": as_json({}, 401),
            "/auth/user/emailpass": as_json({"token": "t"}),
            "/auth/session": as_json({"user": {}}),
            "/admin/custom/businesses": as_json(["HealthFirst", "CarePlus"]),
            "/store/products": as_json({"products": [{"title": "Tea", "handle": "tea"}]}),
        }
        self.script("index.js", APPLICATION)
        self.script("pages.js", PAGES)
        self.shop.pages |= {
            "/": Reply(HOME),
            "/dk/products/tea": Reply(TEA),
            "/shop.js": Reply("1", "text/javascript"),
            "/favicon.ico": Reply("", "image/png"),
        }

    def script(self, name: str, text: str, *, sidebar_after: int = 0) -> None:
        """Serve a script of the admin."""
        text = text.replace("SIDEBAR_AFTER", str(sidebar_after)).replace("FORM", FORM)
        self.backend.pages[f"/app/assets/{name}"] = Reply(text, "text/javascript")

    @property
    def target(self) -> Target:
        """What is asked about."""
        urls = {"backend": f"http://127.0.0.1:{self.backend.port}", "storefront": f"http://127.0.0.1:{self.shop.port}"}

        @asynccontextmanager
        async def site(name):
            async with open_site(urls[name]) as found:
                yield found

        return Target(urls, site, key="pk_small", login=LOGIN, checks=self.checks)


@contextlib.contextmanager
def small_marketplace():
    """A marketplace in which nothing is wrong."""
    with Web() as backend, Web() as shop:
        yield SmallMarketplace(backend, shop)


def shown(findings) -> str:
    """Findings for the message of a test that fails."""
    return json.dumps([each.to_json() for each in findings], indent=1)
