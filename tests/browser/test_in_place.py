"""What scripts add to a page without leading away from it: reasons in place, copy buttons."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]


@pytest.fixture
def page(browser: Browser, endpoint: str) -> Iterator[Page]:
    """A page that has to run without a word on the console: the policy is the one of visitors."""
    problems: list[str] = []
    with browser.new_context(base_url=endpoint, locale="en") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text))
        yield page
    assert not problems


class TestReasons:
    def test_they_unfold_under_their_statement_and_fold_again(self, page: Page) -> None:
        page.goto("/id/place/mar")
        line = page.locator("section.inferred li", has_text="World").first
        button = line.get_by_role("button", name="why?").first
        expect(button).to_have_attribute("aria-expanded", "false")
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-expanded", "true")
        unfolded = page.locator(f"#{button.get_attribute('aria-controls')}")
        expect(unfolded).to_contain_text("The property leads on from step to step.")
        expect(unfolded.get_by_role("link", name="places/countries").first).to_be_visible()
        expect(page).to_have_url(re.compile("/id/place/mar$"))
        page.keyboard.press("Enter")
        expect(unfolded).to_be_hidden()
        expect(button).to_have_attribute("aria-expanded", "false")

    def test_a_reason_that_is_inferred_unfolds_in_turn(self, page: Page) -> None:
        page.goto("/id/place/mar")
        line = page.locator("section.inferred li", has_text="World").first
        line.get_by_role("button", name="why?").click()
        inner = line.locator(".unfolded").get_by_role("button", name="why?").first
        inner.click()
        expect(line.locator(".unfolded .unfolded .step").first).to_be_visible()

    def test_in_french_with_the_way_to_their_page(self, page: Page) -> None:
        page.goto("/id/place/mar?lang=fr")
        page.locator("section.inferred").get_by_role("button").first.click()
        own = page.get_by_role("link", name="Ces raisons sur une page à part").first
        own.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Pourquoi cela découle")
        expect(page.locator("html")).to_have_attribute("lang", "fr")

    def test_when_they_cannot_be_loaded(self, browser: Browser, endpoint: str) -> None:
        with browser.new_page(base_url=endpoint, locale="en") as page:
            page.route("**/why?*", lambda route: route.abort())
            page.goto("/id/place/mar")
            page.locator("section.inferred").get_by_role("button").first.click()
            expect(page.get_by_role("alert")).to_have_text("The reasons could not be loaded.")
            expect(page.get_by_role("link", name="These reasons on a page")).to_be_visible()

    def test_without_scripts_the_link_leads_to_them(self, browser: Browser, endpoint: str) -> None:
        with browser.new_page(base_url=endpoint, locale="en", java_script_enabled=False) as page:
            page.goto("/id/place/mar")
            page.locator("section.inferred").get_by_role("link", name="why?").first.click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Why this follows")


class TestCopying:
    @pytest.mark.parametrize(
        ("path", "name", "copied"),
        [
            (
                "/id/actor/ilo",
                "Copy the address of this thing",
                "https://w3id.org/migov/id/actor/ilo",
            ),
            ("/queries/country-codes?limit=2", "Copy curl", "curl 'http://"),
            ("/queries/country-codes?limit=2", "Copy Stable link", "http://"),
            ("/quality", "Copy the citation", "The migov maintainers"),
            ("/initiatives?country=mar", "Copy the address of the feed", "http://"),
        ],
    )
    def test_a_button_copies_and_says_so(
        self, page: Page, path: str, name: str, copied: str
    ) -> None:
        page.goto(path)
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
        assert page.evaluate("navigator.clipboard.readText()").startswith(copied)

    def test_a_feed_is_copied_with_its_host(self, page: Page, endpoint: str) -> None:
        page.goto("/initiatives?country=mar")
        page.get_by_role("button", name="Copy the address of the feed").click()
        expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
        held = page.evaluate("navigator.clipboard.readText()")
        assert held == f"{endpoint}/initiatives.atom?country=mar"

    def test_what_cannot_be_copied_is_said(self, page: Page) -> None:
        page.goto("/quality?lang=fr")
        page.evaluate(
            "() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }"
        )
        page.get_by_role("button", name="Copier la citation").click()
        said = page.get_by_role("status").filter(has_text="sélectionnez le texte")
        expect(said).to_have_count(1)

    def test_without_a_clipboard_there_are_no_buttons(
        self, browser: Browser, endpoint: str
    ) -> None:
        with browser.new_context(base_url=endpoint, locale="en") as context:
            context.add_init_script("delete Navigator.prototype.clipboard")
            page = context.new_page()
            page.goto("/quality")
            expect(page.locator("pre")).to_contain_text("The migov maintainers")
            expect(page.get_by_role("button", name="Copy")).to_have_count(0)


SHIFTS = """
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
@pytest.mark.parametrize(
    "path",
    [
        "/id/initiative/thamm",
        "/queries/country-codes?limit=5",
        "/ns/coversPlace",
        "/quality",
        "/sparql",
    ],
)
def test_what_scripts_add_moves_nothing(
    browser: Browser, endpoint: str, path: str, width: int, height: int
) -> None:
    with browser.new_page(
        base_url=endpoint, viewport={"width": width, "height": height}, locale="en"
    ) as page:
        page.add_init_script(SHIFTS)
        page.goto(path)
        page.wait_for_timeout(300)
        moved = page.evaluate("window.shifted")
    # On a phone the editor wraps lines that a plain text area lets run out of sight.
    assert moved < (0.05 if (path, width) == ("/sparql", 390) else 0.001)
