"""The SPARQL editor in a real browser: what it adds to the form, and that its policy holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from scratch_support import scratch

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]

SCREENS = {"desktop": (1280, 900), "phone": (390, 844)}
PRODUCT = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i) }"


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest, endpoint: str) -> Iterator[Page]:
    """The page of the editor; whatever its console says at the end is a failure."""
    width, height = SCREENS[getattr(request, "param", "desktop")]
    context = browser.new_context(viewport={"width": width, "height": height}, base_url=endpoint)
    opened = context.new_page()
    said: list[str] = []
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("console", lambda message: said.append(message.text))
    opened.goto("/sparql")
    yield opened
    context.close()
    # A query that is wrong is answered with 400, which Chromium tells as well.
    assert not [text for text in said if "status of 400" not in text]


def write(page: Page, text: str) -> None:
    """Put a text in the place of the query, as one who types."""
    box = page.get_by_role("textbox", name="Query")
    box.click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(text)
    page.keyboard.press("Escape")


@pytest.mark.parametrize("page", SCREENS, indirect=True)
def test_a_name_becomes_a_term_and_the_answer_appears(page: Page) -> None:
    write(page, "SELECT ?i WHERE { ?i mg:pilotPl")
    page.keyboard.press("Control+Space")
    option = page.get_by_role("option", name="mg:pilotPlace")
    expect(option).to_be_visible()
    expect(option).to_have_attribute("aria-selected", "true")
    page.wait_for_timeout(150)  # a list that only just appeared takes no Enter yet
    page.keyboard.press("Enter")
    page.keyboard.type(" moroc")
    expect(page.get_by_role("option", name="place:mar")).to_be_visible()
    page.wait_for_timeout(150)
    page.keyboard.press("Enter")
    box = page.get_by_role("textbox", name="Query")
    expect(box).to_contain_text("mg:pilotPlace place:mar")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#found")).to_contain_text("THAMM")
    expect(page).to_have_url(re.compile(r"/sparql\?query=SELECT"))
    expect(page.locator("[data-status]")).to_have_text("Answered.")


def test_an_error_is_marked_where_it_is(page: Page) -> None:
    write(page, "SELECT * WHERE { ?s moroc ?o }")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#told")).to_contain_text("Line 1, column 21")
    expect(page.locator(".cm-lintRange-error")).to_have_text("moroc")
    write(page, "SELECT * WHERE { ?s a mg:Country }")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#found")).to_contain_text("249 rows")
    expect(page.locator("#told .problem")).to_have_count(0)


def test_an_unknown_term_is_warned_of_and_mended(page: Page) -> None:
    write(page, "SELECT * WHERE { ?s a mg:Program }")
    warned = page.locator(".cm-lintRange-warning")
    expect(warned).to_have_text("mg:Program")
    warned.hover()
    page.get_by_role("button", name="mg:Programme").click()
    expect(page.get_by_role("textbox", name="Query")).to_contain_text("a mg:Programme }")


def test_a_long_query_is_stopped(page: Page) -> None:
    expect(page.locator("main")).to_contain_text("A query may take 3 s.")
    write(page, PRODUCT)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("[data-status]")).to_contain_text("of at most 3 s")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-status]")).to_have_text("Stopped.")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()


def test_an_example_is_loaded_and_not_run(page: Page) -> None:
    page.get_by_label("Begin with a question").select_option("budgets")
    page.get_by_role("button", name="Load").click()
    expect(page.get_by_role("textbox", name="Query")).to_contain_text("mg:budget ?sum")
    expect(page.locator("#found")).to_be_empty()
    expect(page.locator("textarea")).to_be_hidden()


def test_the_keyboard_leaves_the_editor(page: Page) -> None:
    page.get_by_role("textbox", name="Query").click()
    page.keyboard.press("Tab")
    expect(page.get_by_label("with what follows")).to_be_focused()


@pytest.fixture(scope="module")
def scratch_address() -> Iterator[str]:
    with scratch() as client:
        triples = ":a :fundedBy :agency . GRAPH :g { :b :hosts :c }"
        insert = f"PREFIX : <http://example.org/> INSERT DATA {{ {triples} }}"
        assert client.post("/sparql", data={"update": insert}).status_code == 204
        yield str(client.base_url)


class TestScratch:
    """The page of a dataset that anybody may write to has the editor twice."""

    @pytest.fixture
    def scratched(self, browser: Browser, scratch_address: str) -> Iterator[Page]:
        said: list[str] = []
        with browser.new_context(base_url=scratch_address, locale="en") as context:
            page = context.new_page()
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("console", lambda message: said.append(message.text))
            page.goto("/")
            yield page
        assert not [text for text in said if "status of 400" not in text]

    def test_terms_of_the_data_are_completed_and_the_answer_appears(self, scratched: Page) -> None:
        write(scratched, "SELECT * { GRAPH ?g { ?s hos")
        scratched.keyboard.press("Control+Space")
        option = scratched.get_by_role("option", name="<http://example.org/hosts>")
        expect(option).to_be_visible()
        scratched.wait_for_timeout(150)
        scratched.keyboard.press("Enter")
        scratched.keyboard.type(" ?o")
        scratched.keyboard.press("ControlOrMeta+Enter")
        expect(scratched.locator("#found")).to_contain_text("http://example.org/c")
        expect(scratched.locator("[data-status]")).to_have_text("Answered.")
        expect(scratched).to_have_url(re.compile(r"/sparql\?query=SELECT"))

    def test_an_update_is_marked_where_it_is_wrong_and_sent_when_right(
        self, scratched: Page
    ) -> None:
        box = scratched.get_by_role("textbox", name="Update")
        box.click()
        scratched.keyboard.press("ControlOrMeta+A")
        scratched.keyboard.type("INSERT DATA { <http://example.org/n> ex:p 1 }")
        scratched.keyboard.press("Escape")
        scratched.get_by_role("button", name="Change the dataset").click()
        expect(scratched.locator("#told .problem")).to_be_visible()
        marked = scratched.locator("form[method=post] .cm-lintRange-error")
        expect(marked).to_have_count(1)
        expect(scratched.locator("form[method=get] .cm-lintRange-error")).to_have_count(0)
        box = scratched.get_by_role("textbox", name="Update")
        box.click()
        scratched.keyboard.press("ControlOrMeta+A")
        scratched.keyboard.type("INSERT DATA { <http://example.org/n> <http://example.org/p> 1 }")
        scratched.keyboard.press("Escape")
        scratched.keyboard.press("ControlOrMeta+Enter")
        expect(scratched.get_by_role("status").filter(has_text="done")).to_be_visible()
        expect(scratched.locator("#told .problem")).to_have_count(0)

    def test_without_scripts_the_forms_are_what_they_were(
        self, browser: Browser, scratch_address: str
    ) -> None:
        with browser.new_page(base_url=scratch_address, java_script_enabled=False) as page:
            page.goto("/")
            page.get_by_role("textbox", name="Query").fill(
                "ASK { ?s <http://example.org/fundedBy> ?o }"
            )
            page.get_by_role("button", name="Ask").click()
            expect(page.locator("#found")).to_contain_text("Yes")
