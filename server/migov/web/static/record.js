// The form for a record: what may be there already is told as one types, and another row or value
// is added in place. Without this script the form does both on the server, with the same buttons.
"use strict";

const form = document.getElementById("draft");
const box = form?.querySelector("[data-alike]");
if (box) warn(form, box);
if (form) form.addEventListener("click", add);

function warn(form, box) {
  const said = box.querySelector("[data-said]");
  const found = box.querySelector("[data-found]");
  const names = ["name-en", "name-fr", "title", "skos-altLabel"];
  const most = 6;
  let waiting = 0;
  let asking = null;
  let asked = address().search;

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 300);
  });
  found.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=same]");
    if (!button) return;
    event.preventDefault();
    const about = form.elements.namedItem("about");
    about.value = button.value;
    about.focus();
    ask();
  });

  // The controls of a name, or of names that a pattern fits, that something is written in.
  function written(name) {
    return [...form.querySelectorAll(`[name="${name}"]`)].map((one) => one.value.trim()).filter(Boolean);
  }

  function address() {
    const to = new URL(box.dataset.alike, location.href);
    const put = (key, values) => {
      for (const value of values.slice(0, most)) to.searchParams.append(key, value.slice(0, 300));
    };
    put("name", names.flatMap(written));
    put("acronym", written("mg-acronym"));
    const schemes = [...form.querySelectorAll('[name^="mg-identifier-"][name$="-mg-scheme"]')];
    put("identifier", schemes.flatMap((scheme) => {
      const value = written(scheme.name.replace(/mg-scheme$/, "mg-value"))[0];
      return scheme.value && value ? [`${scheme.value}:${value}`.slice(0, 300)] : [];
    }));
    put("beside", written("about"));
    return to;
  }

  async function ask() {
    const to = address();
    if (to.search === asked) return;
    asking?.abort();
    asking = new AbortController();
    asked = to.search;
    try {
      const answer = await fetch(to, { signal: asking.signal, headers: { Accept: "application/json" } });
      if (answer.ok) show((await answer.json()).alike, to.searchParams);
      else asked = null;
    } catch (problem) {
      if (problem.name !== "AbortError") asked = null;
    }
  }

  function show(things, sent) {
    const list = document.createElement("ul");
    list.className = "likely";
    list.append(...things.map(item));
    found.replaceChildren(...(things.length ? [list] : []));
    box.scrollTop = 0;
    const { none, one, many, start } = box.dataset;
    const is_asked = ["name", "acronym", "identifier"].some((key) => sent.has(key));
    const counted = [none, one][things.length] ?? many.replace("{count}", things.length);
    const text = is_asked ? counted : start;
    if (said.textContent !== text) said.textContent = text;
  }

  function item(thing) {
    const entry = document.createElement("li");
    const first = document.createElement("p");
    const link = document.createElement("a");
    link.textContent = thing.label;
    link.dir = "auto";
    if (thing.language) link.lang = thing.language;
    if (thing.url) link.href = new URL(thing.url, location.href).href;
    link.target = "_blank";
    link.rel = "noopener";
    first.append(link, " ", span("about", thing.kind));
    if (thing.slug) {
      const button = document.createElement("button");
      button.className = "quiet small";
      button.type = "submit";
      button.name = "same";
      button.value = thing.slug;
      button.formNoValidate = true;
      button.textContent = box.dataset.same;
      first.append(" ", button);
    }
    const why = document.createElement("p");
    why.className = "note";
    why.append(
      span("points", box.dataset.of.replace("{score}", Math.round(thing.score))),
      " ",
      span("", thing.reasons.join("; ")),
    );
    why.lastChild.dir = "auto";
    entry.append(first, why);
    return entry;
  }

  function span(name, text) {
    const element = document.createElement("span");
    if (name) element.className = name;
    element.textContent = text;
    return element;
  }
}

function add(event) {
  const button = event.target.closest("button[name=add]");
  if (!button) return;
  const rows = document.querySelectorAll(`[data-row^="${button.value}-"]`);
  const added = rows.length ? row(rows, button.value) : value(button.closest("[data-values]"));
  if (!added) return;
  event.preventDefault();
  added.focus();
}

function row(rows, key) {
  const last = rows[rows.length - 1];
  const number = Math.max(...[...rows].map((one) => Number(one.dataset.row.slice(key.length + 1))));
  if (number >= 99) return null;
  const made = last.cloneNode(true);
  const from = `${last.dataset.row}-`;
  const to = `${key}-${number + 1}-`;
  made.dataset.row = to.slice(0, -1);
  for (const note of made.querySelectorAll(".note, .wrong")) note.remove();
  for (const element of made.querySelectorAll("[name], [for]")) {
    for (const name of ["id", "name", "for"]) {
      const held = element.getAttribute(name);
      if (held) element.setAttribute(name, held.replace(from, to));
    }
    clear(element);
  }
  made.querySelector("[data-place]").textContent = rows.length + 1;
  last.after(made);
  return made.querySelector("[name]");
}

function value(group) {
  const inputs = group?.querySelectorAll("input") ?? [];
  const last = inputs[inputs.length - 1];
  if (!last || inputs.length >= 100) return null;
  const made = last.cloneNode(true);
  made.id = `${inputs[0].id}-${inputs.length}`;
  made.setAttribute("aria-label", `${group.querySelector("label").textContent} ${inputs.length + 1}`);
  clear(made);
  last.after(made);
  return made;
}

// The help of a first row helps with every row; what was wrong with a value is not with the next.
function clear(element) {
  const told = (element.getAttribute("aria-describedby") ?? "").split(" ");
  const kept = told.filter((id) => id && !id.startsWith("e-"));
  if (kept.length) element.setAttribute("aria-describedby", kept.join(" "));
  else element.removeAttribute("aria-describedby");
  element.removeAttribute("aria-invalid");
  element.removeAttribute("autofocus");
  if (element.tagName === "SELECT") {
    const chosen = [...element.options].findIndex((one) => one.value === "stated");
    element.selectedIndex = Math.max(chosen, 0);
  } else if ("value" in element) element.value = "";
}
