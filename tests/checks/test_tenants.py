"""`check tenants` against a small marketplace that keeps the contract, and one that breaks it in one place."""

import asyncio
import json

import pytest

from launcher.checks.contract import Target
from launcher.checks.tenants import check
from launcher.marketplace.medusa import open_site
from launcher.stack.checks import ChecksSpec
from launcher.stack.tenants import TenancySpec, TenantCase, TenantSpec
from tests.support.marketplace import Reply, Web, as_json

PLATFORM = "pk_platform"
TENANTS = {
    "northwind": TenantSpec(domain="northwind.localhost", primary_color="#7c3aed", products=("aspirin", "bandage")),
    "contoso": TenantSpec(domain="contoso.localhost", primary_color="#b45309", products=("drops",)),
    "fabrikam": TenantSpec(domain="fabrikam.localhost", status="suspended"),
    "woodgrove": TenantSpec(domain="woodgrove.localhost", verified=False),
}
OPEN = {"northwind", "contoso"}


class Shop:
    """A marketplace of four tenants. `sins` are the rules it breaks."""

    def __init__(self, web, *sins):
        self.web = web
        self.sins = set(sins)
        self.roots = {spec.domain: name for name, spec in TENANTS.items()}
        web.pages |= {
            "/store/tenant-config": self.config,
            "/store/products": self.products,
            "/": self.home,
            "/dk": self.page,
            **dict.fromkeys(
                ("/admin/users/me", "/admin/products", "/admin/sales-channels", "/admin/custom"), self.admin
            ),
        }

    def tenant(self, host):
        host = (host or "").partition(":")[0]
        name = self.roots.get(host)
        if name == "woodgrove" and "unverified opens" not in self.sins:
            return None
        return "northwind" if name is None and "unknown opens" in self.sins else name

    def config(self, request):
        name = self.tenant(request.headers.get("x-tenant-host"))
        if name is None:
            return as_json({"message": "No tenant resolved for this request"}, 404)
        if name == "fabrikam" and "suspended opens" not in self.sins:
            return as_json({"message": "This store is not active"}, 403)
        spec = TENANTS[name]
        key = "pk_northwind" if "wrong key" in self.sins and name in OPEN else f"pk_{name}"
        colour = "#000000" if "wrong colour" in self.sins else spec.primary_color
        return as_json({"tenant": {"name": name.title(), "primary_color": colour, "publishable_api_key": key}})

    def products(self, request):
        name, key = self.tenant(request.headers.get("x-tenant-host")), request.headers.get("x-publishable-api-key")
        if key != f"pk_{name}" and "crossed" not in self.sins:
            return as_json({"message": "The publishable key is not this store's"}, 403)
        goods = TENANTS[key.removeprefix("pk_")].products
        goods = ("aspirin", "bandage", "drops") if "one catalogue" in self.sins else goods
        return as_json({"products": [{"id": each, "handle": each} for each in goods]})

    def home(self, request):
        return Reply("", status=307, headers={"Location": f"http://{request.headers['host']}/dk"})

    def page(self, request):
        name = self.tenant(request.headers["host"])
        if name is None or (name == "fabrikam" and "suspended opens" not in self.sins):
            return Reply("There is no store at this address.", status=404)
        spec = TENANTS["contoso" if "one page" in self.sins else name]
        links = "".join(f'<a href="/dk/products/{each}">' for each in spec.products or ())
        return Reply(f'<html style="--primary:{spec.primary_color}">{name.title()}{links}</html>')

    def admin(self, request):
        is_open = f"open {request.path}" in self.sins
        return as_json({"users": []}) if is_open else as_json({"message": "Unauthorized"}, 401)

    @property
    def base(self):
        return f"http://127.0.0.1:{self.web.port}"

    def findings(self, urls=None, **more):
        target = Target(
            urls=urls or {"backend": self.base, "storefront": self.base},
            open_site=lambda name: open_site(self.base if "://" not in name else name),
            key=PLATFORM, login=None, tenants=TENANTS, checks=ChecksSpec(routes=("/health", "/admin/custom")), **more,
        )  # fmt: skip

        async def ask():
            return [finding async for finding in check(target)]

        return {finding.name: finding for finding in asyncio.run(ask())}

    def failures(self, **more):
        return {name: found.failure for name, found in self.findings(**more).items() if found.verdict == "failed"}


@pytest.fixture
def web():
    with Web() as server:
        yield server


def test_a_marketplace_that_keeps_the_contract_passes_every_case(web):
    findings = Shop(web).findings()
    passed = {name for name, found in findings.items() if found.verdict == "passed"}
    assert passed == {
        "configuration northwind", "branding northwind", "catalogue northwind",
        "configuration contoso", "branding contoso", "catalogue contoso",
        "unknown host", "unknown host page", "suspended fabrikam", "suspended fabrikam page",
        "unverified woodgrove.localhost", "unverified woodgrove.localhost page",
        "crossed northwind with the key of contoso", "crossed contoso with the key of northwind",
        "protected /admin/users/me", "protected /admin/products", "protected /admin/sales-channels",
        "protected /admin/custom",
    }  # fmt: skip
    left_out = {name: found.evidence for name, found in findings.items() if name not in passed}
    assert left_out == {
        "fixtures": "are made in the database of a stack on this machine alone",
        "suspended fabrikam catalogue": "it has no publishable key of its own",
        "administrator": "tenants have none ([tenancy] admin_login)",
    }
    evidence = findings["crossed northwind with the key of contoso"].evidence
    asked = "GET /store/products for northwind.localhost with the key of contoso"
    assert evidence == f"{asked}: 403 (The publishable key is not this store's)"


@pytest.mark.parametrize(
    ("sin", "failures"),
    [
        (
            "crossed",
            {
                "crossed northwind with the key of contoso": "tenant-crossed",
                "crossed contoso with the key of northwind": "tenant-crossed",
            },
        ),
        ("one catalogue", {"catalogue northwind": "tenant-crossed", "catalogue contoso": "tenant-crossed"}),
        ("one page", {"branding northwind": "tenant-unresolved"}),
        (
            "wrong colour",
            {"configuration northwind": "tenant-unresolved", "configuration contoso": "tenant-unresolved"},
        ),
        ("suspended opens", {"suspended fabrikam": "tenant-open", "suspended fabrikam page": "tenant-open"}),
        (
            "unverified opens",
            {
                "unverified woodgrove.localhost": "tenant-open",
                "unverified woodgrove.localhost page": "tenant-open",
            },
        ),
        ("unknown opens", {"unknown host": "tenant-open", "unknown host page": "tenant-open",
                           "unverified woodgrove.localhost": None, "unverified woodgrove.localhost page": None}),
        ("open /admin/custom", {"protected /admin/custom": "admin-unprotected"}),
        ("open /admin/products", {"protected /admin/products": "admin-unprotected"}),
    ],
)  # fmt: skip
def test_one_broken_rule_is_named_and_nothing_else(web, sin, failures):
    found = Shop(web, sin).failures()
    assert {name: failure for name, failure in found.items() if failures.get(name, "")} == {
        name: failure for name, failure in failures.items() if failure
    }
    assert found.keys() <= failures.keys()


def test_what_a_crossed_key_was_shown_is_in_the_evidence(web):
    found = Shop(web, "crossed").findings()["crossed northwind with the key of contoso"]
    assert found.evidence.endswith("expected 400 or 401 or 403 or 404, came 200 with drops")


def test_cases_of_the_stack_file_are_asked_too(web):
    good = TenantCase(
        name="our colour", host="northwind", key="storefront", path="/store/tenant-config",
        fields={"tenant.primary_color": "#7c3aed"},
    )  # fmt: skip
    bad = good.replaced(name="their colour", fields={"tenant.primary_color": "#ffffff"})
    page = TenantCase(name="their page", site="storefront", host="contoso", path="/dk", contains=("Contoso", "Drops!"))
    nobody = TenantCase(name="nobody's key", host="contoso", key="nobody")
    findings = Shop(web).findings(tenancy=TenancySpec(cases=(good, bad, page, nobody)))
    assert findings["our colour"].verdict == "passed"
    assert findings["their colour"].evidence.endswith("tenant.primary_color is '#7c3aed', not '#ffffff'")
    assert findings["their page"].evidence.endswith("200, but it does not show 'Drops!'")
    assert findings["nobody's key"].verdict == "left out"


def test_tenants_of_this_machine_are_not_sought_in_a_deployment_elsewhere(web):
    shop = Shop(web)
    findings = shop.findings(urls={"backend": shop.base, "storefront": "https://shop.example.com"})
    assert findings["tenants"].verdict == "left out"
    assert "names no tenants of this deployment" in findings["tenants"].evidence
    assert {name for name, found in findings.items() if found.verdict == "passed"} == {
        "protected /admin/users/me", "protected /admin/products", "protected /admin/sales-channels",
        "protected /admin/custom",
    }  # fmt: skip


def test_a_dead_backend_fails_and_shows_nobody_a_store(web):
    shop = Shop(web)
    web.pages.clear()
    web.otherwise = Reply(json.dumps({"message": "down"}), status=503)
    failures = shop.failures()
    assert {"configuration northwind", "branding northwind", "unknown host", "protected /admin/products"} <= set(
        failures
    )
