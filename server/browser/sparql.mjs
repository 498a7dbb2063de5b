// The SPARQL editor: makes more of the text areas of /sparql, which go on to hold query and update.
//
// It stands in a shadow root: there CodeMirror adopts constructed style sheets, which the policy
// style-src 'self' allows, where it would write <style> elements into the page.
import { acceptCompletion, autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { sparql } from "@codemirror/legacy-modes/mode/sparql";
import { linter } from "@codemirror/lint";
import { EditorState, StateEffect } from "@codemirror/state";
import { EditorView, drawSelection, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { completions } from "./completions.mjs";

const asked = StateEffect.define(); // the query was sent, or would be read otherwise

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: tags.standard(tags.variableName), color: "var(--follows)" },
  { tag: tags.local(tags.variableName), color: "var(--warm)" },
  { tag: tags.atom, color: "var(--link)" },
  { tag: [tags.string, tags.meta], color: "var(--follows)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": { border: "1px solid var(--edge)", borderRadius: "3px", backgroundColor: "var(--paper)", color: "var(--ink)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: ".86rem", lineHeight: "1.5", maxHeight: "70vh" },
  "&, .cm-content, .cm-gutter": { boxSizing: "border-box", minHeight: "var(--area)" },
  ".cm-content": { padding: ".75rem 0", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--soft)", border: "0" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 25%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--accent) 22%, transparent)" },
  ".cm-tooltip": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--rule)", borderRadius: "4px", boxShadow: "0 .4rem 1.2rem rgb(0 0 0 / .16)", fontFamily: "var(--sans)", fontSize: ".88rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--sans)", maxWidth: "min(34rem, 88vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".25rem .6rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--panel)", color: "var(--link)" },
  ".cm-completionLabel": { fontFamily: "var(--mono)", fontSize: ".86rem" },
  ".cm-completionDetail": { color: "var(--soft)", fontStyle: "normal" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionInfo": { maxWidth: "22rem", padding: ".5rem .75rem" },
  "@media (max-width: 44rem)": { ".cm-completionInfo": { display: "none" } },
  ".cm-diagnostic": { padding: ".4rem .7rem", borderLeftWidth: "3px" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warm)" },
  ".cm-diagnosticAction": { backgroundColor: "var(--accent)", color: "var(--paper)", font: "inherit" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warm)" },
  ".cm-lintPoint::after": { borderBottomColor: "var(--bad)" },
});

// A place that the server names by line and column, both from 1, columns counted in characters.
function offset(doc, line, column) {
  if (line > doc.lines) return doc.length;
  const at = doc.line(line);
  const before = [...at.text].slice(0, column - 1).join("").length;
  return Math.min(at.from + before, at.to);
}

// Chromium types over highlighted text by writing a style attribute first, which the page's policy
// refuses aloud; so what replaces a selection is put there by the editor itself.
const replacing = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    if (event.inputType !== "insertText" || event.isComposing || !event.data || empty) return false;
    const typed = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type" });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((one) => one(view, from, to, event.data, typed))) view.dispatch(typed());
    event.preventDefault();
    return true;
  },
});

// Makes an editor of the text area of a form; several forms may have one.
function edited(form) {
  const area = form.querySelector("textarea");
  const words = form.dataset;

  // What the page says to be wrong with the query that it was sent.
  function told() {
    const problem = document.querySelector(`#told:not([data-of]) [data-line], #told[data-of="${area.id}"] [data-line]`);
    if (!problem) return null;
    return {
      text: area.value.replace(/\r\n?/g, "\n"),
      line: Number(problem.dataset.line),
      column: Number(problem.dataset.column || 1),
      message: [...problem.querySelectorAll(":scope > p")].map((one) => one.textContent.trim()).join(" "),
    };
  }

  let failure = null;

  function marked(doc) {
    if (!failure || failure.text !== doc.toString()) return [];
    const from = offset(doc, failure.line, failure.column);
    const end = /^[\w:?$<>./#-]+|^./.exec(doc.sliceString(from, from + 80));
    return [{ from, to: from + (end ? end[0].length : 0), severity: "error", message: failure.message }];
  }

  async function unknown(view) {
    const doc = view.state.doc;
    const found = marked(doc);
    if (found.length || !words.unknown || !doc.toString().trim()) return found;
    const fields = new URLSearchParams({ query: doc.toString(), lang: document.documentElement.lang });
    if (form.elements.inferred?.checked) fields.set("inferred", "true");
    try {
      const answer = await fetch(`${words.unknown}?${fields}`);
      if (!answer.ok) return found;
      for (const term of (await answer.json()).unknown) {
        const from = offset(doc, term.line, term.column);
        found.push({
          from,
          to: Math.min(from + term.text.length, doc.length),
          severity: "warning",
          message: `${term.text}: ${term.why}`,
          actions: term.instead.map((other) => ({
            name: other.label ? `${other.text} (${other.label})` : other.text,
            apply: (target, start, end) => target.dispatch({ changes: { from: start, to: end, insert: other.text } }),
          })),
        });
      }
    } catch {
      // Warnings are a convenience: without the server there are none.
    }
    return found;
  }

  function stopwatch() {
    const status = form.querySelector("[data-status]");
    const button = form.querySelector("[data-stop]");
    const began = performance.now();
    const tick = () => {
      const seconds = Math.floor((performance.now() - began) / 1000);
      status.textContent = words.running.replace("{seconds}", seconds).replace("{deadline}", words.deadline);
    };
    tick();
    button.hidden = false;
    const timer = setInterval(tick, 1000);
    return (text) => {
      clearInterval(timer);
      button.hidden = true;
      status.textContent = text;
    };
  }

  let running = null;

  async function run(view) {
    running?.abort();
    const controller = (running = new AbortController());
    const address = new URL(form.action);
    const fields = new FormData(form);
    fields.delete("format");
    address.search = new URLSearchParams(fields);
    const ended = stopwatch();
    try {
      const answer = await fetch(address, { signal: controller.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.getElementById("told")) throw new Error(answer.statusText);
      for (const id of ["told", "found"]) document.getElementById(id).replaceWith(page.getElementById(id));
      window.history.pushState(null, "", address);
      failure = told();
      view.dispatch({ effects: asked.of(null) });
      ended(failure || document.querySelector("#told .problem") ? words.failed : words.done);
      document.querySelector("#told .problem, #found h2")?.scrollIntoView({ block: "nearest" });
    } catch (error) {
      ended(controller.signal.aborted ? words.stopped : words.unreachable);
    } finally {
      if (running === controller) running = null;
    }
  }

  const host = document.createElement("div");
  host.className = "editor";
  host.style.setProperty("--area", `${area.offsetHeight}px`); // what stands below stays where it is
  area.after(host);
  const root = host.attachShadow({ mode: "open" });
  failure = told();
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        StreamLanguage.define(sparql),
        syntaxHighlighting(colours),
        autocompletion({ override: [completions(words)], icons: false, maxRenderedOptions: 60 }),
        linter(unknown, {
          delay: 700,
          needsRefresh: (update) => update.transactions.some((one) => one.effects.some((each) => each.is(asked))),
        }),
        replacing,
        keymap.of([
          { key: "Mod-Enter", run: () => (form.requestSubmit(), true) },
          ...completionKeymap,
          { key: "Tab", run: acceptCompletion }, // without a list of completions Tab leaves the editor
          ...defaultKeymap.filter((one) => one.key !== "Mod-Enter"),
          ...historyKeymap,
        ]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": area.labels[0].textContent.trim() }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) area.value = update.state.doc.toString();
        }),
        look,
      ],
    }),
  });
  area.hidden = true;
  area.required = false;
  area.labels[0].addEventListener("click", () => view.focus());
  form.elements.inferred?.addEventListener("change", () => view.dispatch({ effects: asked.of(null) }));
  if (form.method !== "get") return; // an update is sent by the form itself
  form.querySelector("[data-stop]").addEventListener("click", () => running?.abort());
  form.addEventListener("submit", (event) => {
    if (form.elements.format.value !== "html") return;
    event.preventDefault();
    run(view);
  });
  window.addEventListener("popstate", () => window.location.reload());
}

if ("adoptedStyleSheets" in document) document.querySelectorAll("form[data-editor]").forEach(edited);
