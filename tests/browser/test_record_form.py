"""The form for a record, as its writers use it: with and without scripts, by keyboard, by phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from axe_support import TAGS, axe_script, violations

pytestmark = [
    pytest.mark.needs("chromium"),
    pytest.mark.needs("npm"),
    pytest.mark.xdist_group("browser"),
]

PATH = "/contribute/record"
TOP = "one => one.getBoundingClientRect().y + window.scrollY"
UNFOLD = "all => all.forEach((one) => { one.open = true })"
SCREENS = {"desktop": (1280, 900), "phone": (375, 800)}
WORDS = {
    "en": {
        "check": "Check it",
        "more": "Add another",
        "wrong": "2 fields to look at",
        "lines": "Lines of the record",
        "good": "Conforms",
    },
    "fr": {
        "check": "Vérifier",
        "more": "Ajouter",
        "wrong": "2 champs à revoir",
        "lines": "Lignes de la fiche",
        "good": "Conforme",
    },
}
WRITTEN = {
    "publisher": "ilo",
    "lines": "1-x",
    "record-en": "Safe return – ILO page",
    "record-fr": "Retour sûr – page de l’OIT",
    "summary-en": "What the page says.",
    "summary-fr": "Ce que dit la page.",
    "name-en": "Safe return for all",
    "name-fr": "Retour sûr pour tous",
    "title": "العودة الآمنة",
    "participation-0-mg-actor": "European Union",
}


@pytest.fixture(params=["desktop", "phone"])
def plain(browser: Browser, endpoint: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page without scripts: English on a desktop, French on a phone."""
    width, height = SCREENS[request.param]
    with browser.new_context(
        viewport={"width": width, "height": height},
        base_url=endpoint,
        java_script_enabled=False,
        locale="en" if request.param == "desktop" else "fr",
    ) as context:
        yield context.new_page()


@pytest.fixture
def lively(browser: Browser, endpoint: str) -> Iterator[Page]:
    """A page with scripts, of which nothing goes wrong unseen."""
    with browser.new_context(
        viewport={"width": 1280, "height": 900}, base_url=endpoint, locale="en"
    ) as context:
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text))
        yield page
        assert not problems


def write(page: Page, values: dict[str, str]) -> None:
    for name, value in values.items():
        page.locator(f'[name="{name}"]').first.fill(value)


def test_a_steward_without_scripts_writes_a_record(plain: Page) -> None:
    plain.goto(PATH)
    words = WORDS[plain.locator("html").get_attribute("lang") or ""]
    plain.locator("[name=document]").select_option(value="003")
    write(plain, WRITTEN)
    folded = plain.locator("details", has=plain.locator('[name="mg-hasOutput-0-label-en"]'))
    folded.locator("summary").click()
    write(plain, {"mg-hasOutput-0-label-en": "Studies", "mg-hasOutput-0-label-fr": "Études"})
    plain.locator('[name="mg-hasOutput-0-dcterms-type"]').select_option(value="study")
    folded.get_by_role("button", name=words["more"]).click()
    second = plain.locator('[name="mg-hasOutput-1-label-en"]')
    expect(second).to_be_focused()
    for name, value in WRITTEN.items():
        expect(plain.locator(f'[name="{name}"]').first).to_have_value(value)

    plain.get_by_role("button", name=words["check"]).last.click()
    alert = plain.get_by_role("alert")
    expect(alert).to_contain_text(words["wrong"])
    alert.get_by_role("link", name=words["lines"]).click()
    expect(plain).to_have_url(re.compile("#f-lines$"))
    expect(plain.locator("#f-lines")).to_have_attribute("aria-invalid", "true")
    write(plain, {"lines": "1-9"})
    plain.locator('[name="participation-0-mg-role"]').select_option(value="funder")
    plain.locator("#f-lines").press("Enter")
    expect(plain.locator("#verdict")).to_have_text(words["good"])
    expect(plain.locator("#file ~ pre").first).to_contain_text("output:safe-return-for-all-1")
    assert plain.viewport_size
    width = plain.viewport_size["width"]
    assert plain.locator("main").evaluate("e => e.ownerDocument.body.scrollWidth") <= width
    if width == SCREENS["desktop"][0]:
        with plain.expect_download() as download:
            plain.locator('button[value="patch"]').click()
        assert download.value.suggested_filename == "safe-return-for-all.patch"


def test_duplicates_are_told_as_one_types(lively: Page) -> None:
    lively.goto(PATH)
    status, below = lively.locator("[data-said]"), lively.locator("[name=about]")
    expect(status).to_have_attribute("role", "status")
    before = below.evaluate(TOP)
    lively.locator("[name=name-en]").press_sequentially("Labour Migration Governance")
    lively.locator("[name=mg-acronym]").press_sequentially("THAMM")
    found = lively.locator("[data-found]")
    expect(found.get_by_role("link", name="THAMM")).to_be_visible()
    expect(found).to_contain_text("same acronym THAMM (+10)")
    expect(status).to_contain_text("in the graph look")
    assert below.evaluate(TOP) == before
    found.get_by_role("button", name="It is this one").first.press("Enter")
    expect(below).to_have_value("thamm")
    expect(below).to_be_focused()
    expect(found.get_by_role("link", name="THAMM")).to_be_hidden()
    lively.locator("[name=mg-acronym]").fill("")
    lively.locator("[name=name-en]").fill("")
    expect(status).to_contain_text("is shown here")


def test_rows_and_values_are_added_in_place(lively: Page) -> None:
    lively.goto(PATH)
    lively.locator('button[value="participation"]').press("Enter")
    third = lively.locator('[name="participation-2-mg-actor"]')
    expect(third).to_be_focused()
    expect(lively.get_by_role("group", name="Participation 3")).to_be_visible()
    expect(lively.locator("#f-participation-2-mg-role")).to_have_value("")
    expect(lively.locator("#f-participation-2-mg-certainty")).to_have_value("stated")
    told = third.get_attribute("aria-describedby")
    expect(lively.locator(f"#{told}")).to_be_visible()
    acronyms = lively.locator('[name="mg-acronym"]')
    acronyms.fill("SRA")
    lively.locator('button[value="mg-acronym"]').click()
    expect(acronyms).to_have_count(2)
    expect(acronyms.last).to_be_focused()
    expect(acronyms.last).to_have_value("")
    expect(acronyms.last).to_have_accessible_name("Acronym 2")
    assert lively.url.endswith(PATH)


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_in_the_way_of_anybody(browser: Browser, endpoint: str, screen: str) -> None:
    """With likenesses shown, everything unfolded, rows added and mistakes told; light and dark."""
    width, height = SCREENS[screen]
    with browser.new_context(
        viewport={"width": width, "height": height},
        base_url=endpoint,
        locale="en" if screen == "desktop" else "fr",
        bypass_csp=True,
    ) as context:
        context.add_init_script(axe_script())
        page = context.new_page()
        page.goto(PATH)
        page.locator("details").evaluate_all(UNFOLD)
        write(page, {"name-en": "THAMM", "lines": "x", "mg-budget-0-mg-amount": "much"})
        page.locator('button[value="mg-identifier"]').dispatch_event("click")
        expect(page.locator("[data-found] li").first).to_be_attached()
        for said in (False, True):
            if said:
                page.locator(".drafting .row button").click()
                expect(page.get_by_role("alert")).to_be_visible()
            page.locator("details").evaluate_all(UNFOLD)
            page.emulate_media(color_scheme="light")
            assert not violations(page, {"type": "tag", "values": TAGS})
            page.emulate_media(color_scheme="dark")
            assert not violations(page, {"type": "rule", "values": ["color-contrast"]})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
