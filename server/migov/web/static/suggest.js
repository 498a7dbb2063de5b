// Suggestions under a search box: the combobox pattern of the ARIA Authoring Practices Guide.
// Without this script the box is a plain form.
"use strict";

for (const input of document.querySelectorAll("input[data-suggest]")) enhance(input);

function enhance(input) {
  const list = document.createElement("ul");
  const said = document.createElement("p");
  let options = [];
  let active = -1;
  let asking = null;
  let waiting = 0;

  list.id = `${input.id}-suggestions`;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.label);
  list.hidden = true;
  said.className = "unseen";
  said.setAttribute("role", "status");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.parentElement.classList.add("suggesting");
  input.after(list, said);

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("pointerdown", (event) => event.preventDefault());

  async function ask() {
    const text = input.value.trim();
    asking?.abort();
    if (text.length < 2) return close();
    asking = new AbortController();
    const address = new URL(input.dataset.suggest, location.href);
    address.searchParams.set("q", text);
    try {
      const answer = await fetch(address, { signal: asking.signal });
      if (answer.ok) show((await answer.json()).suggestions);
      else close();
    } catch (problem) {
      if (problem.name !== "AbortError") close();
    }
  }

  function show(found) {
    options = found.filter((one) => one.url);
    active = -1;
    list.replaceChildren(...options.map(option));
    open(options.length > 0);
    said.textContent = input.dataset.count.replace("{count}", options.length);
  }

  function option(one, place) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    item.id = `${list.id}-${place}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    link.href = new URL(one.url, location.href).href;
    link.tabIndex = -1;
    link.append(span("label", one.label, one.language));
    if (one.type) link.append(span("about", one.type));
    if (one.found) link.append(span("found", one.found));
    item.append(link);
    return item;
  }

  function span(name, text, language) {
    const element = document.createElement("span");
    element.className = name;
    element.dir = "auto";
    element.textContent = text;
    if (language) element.lang = language;
    return element;
  }

  function onKey(event) {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
      event.preventDefault();
      if (list.hidden) open(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      move((active + step + options.length + 1) % (options.length + 1));
    } else if (event.key === "Enter" && active >= 0 && active < options.length) {
      event.preventDefault();
      list.children[active].firstElementChild.click();
    }
  }

  // One place more than there are options is the box itself.
  function move(place) {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = place < options.length ? place : -1;
    const item = list.children[active];
    item?.setAttribute("aria-selected", "true");
    item?.scrollIntoView({ block: "nearest" });
    if (item) input.setAttribute("aria-activedescendant", item.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function open(yes) {
    list.hidden = !yes;
    input.setAttribute("aria-expanded", String(yes));
    if (!yes) input.removeAttribute("aria-activedescendant");
  }

  function close() {
    asking?.abort();
    open(false);
    active = -1;
  }
}
