"""No axe violation on any kind of page: WCAG 2.2 A and AA and good practice, light and dark.

axe-core comes from npm by the lock file of `server/browser`. The pages without JavaScript are those
whose script is not given to the browser: axe itself needs one that runs scripts.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from axe_support import TAGS, axe_script, violations
from scratch_support import scratch

pytestmark = [
    pytest.mark.needs("chromium"),
    pytest.mark.needs("npm"),
    pytest.mark.xdist_group("browser"),
]

PAGES = (
    "/",
    "/initiatives?country=mar",
    "/initiatives?status=completed&period=1970",
    "/id/initiative/thamm",
    "/id/place/mar",
    "/concept/role",
    "/graph/data/records/gfmd/thamm.ttl",
    "/ns",
    "/ns/coversPlace",
    "/queries",
    "/queries/who-funds-and-implements?country=mar",
    "/map",
    "/timeline",
    "/network",
    "/matrix",
    "/themes",
    "/queries/corridor-graph",
    "/sparql?query=SELECT%20*%20%7B%20%3Fs%20a%20mg%3AProject%20%7D",
    "/sparql?query=SELECT%20*%20%7B",
    "/search?q=migration",
    "/changes",
    "/shape/Participation",
    "/dumps",
    "/contribute/record",
    "/contribute/alike?name=labour%20migration&acronym=THAMM",
    "/api",
    "/quality",
    "/nothing",
    "/why?subject=https%3A%2F%2Fw3id.org%2Fmigov%2Fid%2Fplace%2Fmar"
    "&property=https%3A%2F%2Fw3id.org%2Fmigov%2Fns%23within"
    "&value=https%3A%2F%2Fw3id.org%2Fmigov%2Fid%2Fplace%2Fm49-002",
    "/graph/inferred",
    "/links/review",
    "/id/output",
    "/snapshot?format=html",
    "/problem/busy",
    "/initiatives?from=2015&to=2010",
)
SMALL = (*PAGES[::2], "/api", "/snapshot?format=html", "/initiatives?from=2015&to=2010")
"""Those that are also looked at on a phone, in French and without the script."""


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_script()


@pytest.fixture(scope="module")
def desktop(browser: Browser, endpoint: str, axe: str) -> Iterator[Page]:
    with browser.new_context(
        viewport={"width": 1280, "height": 900}, base_url=endpoint, locale="en", bypass_csp=True
    ) as context:  # the policy is passed over for axe, which is no part of the page
        context.add_init_script(axe)
        yield context.new_page()


@pytest.fixture(scope="module")
def phone(browser: Browser, endpoint: str, axe: str) -> Iterator[Page]:
    with browser.new_context(
        viewport={"width": 375, "height": 800},
        base_url=endpoint,
        locale="fr",
        color_scheme="dark",
        bypass_csp=True,
    ) as context:
        context.add_init_script(axe)
        page = context.new_page()
        page.route("**/*.js*", lambda route: route.abort())
        yield page


def test_pages_of_each_kind_are_looked_at() -> None:
    assert (len(PAGES), len(SMALL)) == (35, 21)


@pytest.mark.parametrize("path", PAGES)
def test_on_a_desktop_in_light_and_dark(desktop: Page, path: str) -> None:
    desktop.emulate_media(color_scheme="light")
    desktop.goto(path)
    assert desktop.locator("html").get_attribute("lang") == "en"
    assert not violations(desktop, {"type": "tag", "values": TAGS})
    desktop.emulate_media(color_scheme="dark")
    assert not violations(desktop, {"type": "rule", "values": ["color-contrast"]})


@pytest.mark.parametrize("path", SMALL)
def test_on_a_phone_in_french_without_scripts(phone: Page, path: str) -> None:
    phone.goto(path)
    assert phone.locator("html").get_attribute("lang") == "fr"
    assert not violations(phone, {"type": "tag", "values": TAGS})


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_phone(phone: Page, path: str) -> None:
    phone.goto(path)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.fixture(scope="module")
def scratched() -> Iterator[str]:
    with scratch() as client:
        yield str(client.base_url)


@pytest.mark.parametrize("path", ["/", "/sparql?query=SELECT%20*%20%7B"])
def test_the_page_of_a_scratch_dataset(
    desktop: Page, phone: Page, scratched: str, path: str
) -> None:
    for page in (desktop, phone):
        page.goto(scratched + path)
        assert not violations(page, {"type": "tag", "values": TAGS})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_reasons_that_were_unfolded(desktop: Page) -> None:
    desktop.goto("/id/place/mar")
    section = desktop.locator("section.inferred")
    for number in range(3):
        section.get_by_role("button", name="why?").nth(number).click()
        expect(section.locator("[aria-busy]")).to_have_count(0)
    expect(section.locator(".unfolded .step").first).to_be_visible()
    assert not violations(desktop, {"type": "tag", "values": TAGS})
