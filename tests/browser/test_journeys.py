"""What visitors do, in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]

SCREENS = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--disable-gpu", "--disable-background-networking"],
            chromium_sandbox=os.geteuid() != 0,  # Chromium refuses its sandbox to root
        )
        yield opened
        opened.close()


@pytest.fixture(params=SCREENS)
def page(browser: Browser, request: pytest.FixtureRequest, endpoint: str) -> Iterator[Page]:
    width, height = SCREENS[request.param]
    context = browser.new_context(
        viewport={"width": width, "height": height}, base_url=endpoint, java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def test_an_analyst_asks_who_funds_and_who_implements(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Who funds and who implements").click()
    page.get_by_label("Country").select_option(label="Morocco")
    page.get_by_role("button", name="Ask").click()
    answer = page.get_by_role("table")
    expect(answer).to_contain_text("European Union")
    expect(answer).to_contain_text("004:10")
    answer.get_by_role("link", name="Launch of THAMM").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Launch of THAMM")


def test_a_reader_follows_a_fact_to_its_record(page: Page) -> None:
    page.goto("/id/initiative/thamm")
    expect(page.get_by_role("heading", level=1)).to_contain_text("THAMM")
    page.get_by_role("link", name="ilo/thamm-launch").first.click()
    expect(page).to_have_url(re.compile("/graph/data/records/ilo/thamm-launch"))


def test_an_engineer_asks_in_sparql_and_sees_a_mistake(page: Page) -> None:
    page.goto("/sparql")
    box = page.get_by_role("textbox").first
    box.fill("SELECT * WHERE { ?s ?p }")
    page.get_by_role("button").first.click()
    expect(page.locator("main")).to_contain_text("not valid SPARQL")
    expect(page.get_by_role("textbox").first).to_have_value("SELECT * WHERE { ?s ?p }")


@pytest.mark.parametrize(
    "path",
    ["/", "/queries", "/sparql", "/ns", "/dumps/", "/id/place/mar", "/id/actor/ilo", "/nothing"],
)
@pytest.mark.parametrize("screen", SCREENS)
def test_no_page_is_wider_than_its_screen(
    browser: Browser, endpoint: str, screen: str, path: str
) -> None:
    width, height = SCREENS[screen]
    with browser.new_page(viewport={"width": width, "height": height}) as page:
        page.goto(endpoint + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
