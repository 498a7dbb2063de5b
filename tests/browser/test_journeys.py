"""What visitors do, in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]

SCREENS = {"desktop": (1280, 900), "phone": (390, 844)}


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
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("main")).to_contain_text("not valid SPARQL")
    expect(page.get_by_role("textbox").first).to_have_value("SELECT * WHERE { ?s ?p }")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_student_types_an_acronym_and_picks(browser: Browser, endpoint: str, screen: str) -> None:
    """With the keyboard alone: the box is a combobox, and plain search stays what Enter does."""
    width, height = SCREENS[screen]
    with browser.new_page(viewport={"width": width, "height": height}) as page:
        problems: list[object] = []
        page.on("pageerror", lambda error: problems.append(error))
        page.on("console", lambda said: problems.append(said.text))
        page.goto(f"{endpoint}/actors")
        box = page.get_by_role("combobox", name="Search")
        box.press_sequentially("oim")
        option = page.get_by_role("option", name="International Organization for Migration").first
        expect(option).to_be_visible()
        expect(box).to_have_attribute("aria-expanded", "true")
        box.press("ArrowDown")
        expect(option).to_have_attribute("aria-selected", "true")
        expect(box).to_have_attribute("aria-activedescendant", re.compile("."))
        box.press("Escape")
        expect(option).to_be_hidden()
        box.press("ArrowDown")
        box.press("Enter")
        expect(page).to_have_url(re.compile("/id/actor/iom$"))
        page.get_by_role("combobox", name="Search").fill("thamm")
        page.get_by_role("combobox", name="Search").press("Enter")
        expect(page).to_have_url(re.compile(r"/search\?q=thamm"))
        assert not problems


def test_a_desk_officer_narrows_a_list(page: Page) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Initiatives").click()
    page.locator("#narrow").get_by_role("link", name="Morocco").click()
    page.locator("#narrow").get_by_role("link", name="Tunisia").click()
    expect(page).to_have_url(re.compile("country=mar&country=tun"))
    expect(page.get_by_role("link", name="THAMM")).to_be_visible()
    page.get_by_role("group", name="Chosen").get_by_role("link", name="Morocco").click()
    expect(page).to_have_url(re.compile(r"initiatives\?country=tun$"))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/initiatives?country=mar",
        "/queries",
        "/sparql",
        "/ns",
        "/dumps/",
        "/id/place/mar",
        "/id/actor/ilo",
        "/nothing",
    ],
)
@pytest.mark.parametrize("screen", SCREENS)
def test_no_page_is_wider_than_its_screen(
    browser: Browser, endpoint: str, screen: str, path: str
) -> None:
    width, height = SCREENS[screen]
    with browser.new_page(viewport={"width": width, "height": height}) as page:
        page.goto(endpoint + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
