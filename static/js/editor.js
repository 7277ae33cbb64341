// The template editor: CodeMirror over the textarea, checks and preview that follow what is typed. Without this script
// the page still works: the textarea, "Show" for the preview, and "Save".
import { basicSetup } from "codemirror";
import { autocompletion } from "@codemirror/autocomplete";
import { xml, completeFromSchema } from "@codemirror/lang-xml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { Decoration, EditorView, MatchDecorator, ViewPlugin, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const PAUSE = 350; // ms without typing before the server is asked

const colours = HighlightStyle.define([
  { tag: [tags.tagName, tags.angleBracket], color: "var(--ev-accent)" },
  { tag: tags.attributeName, color: "light-dark(#6c4a9c, #c7aaf0)" },
  { tag: [tags.attributeValue, tags.string], color: "light-dark(#1d7044, #7fd3a3)" },
  { tag: tags.comment, color: "var(--ev-ink-2)", fontStyle: "italic" },
]);
const look = EditorView.theme({
  "&": { height: "100%", fontSize: ".8125rem", color: "var(--ev-ink)", backgroundColor: "var(--ev-surface)" },
  ".cm-scroller": { fontFamily: "var(--ev-mono)", lineHeight: "1.65" },
  ".cm-content": { caretColor: "var(--ev-ink)", padding: ".5rem 0" },
  ".cm-cursor": { borderLeftColor: "var(--ev-ink)" },
  ".cm-gutters": { backgroundColor: "var(--ev-surface)", color: "var(--ev-ink-2)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--ev-accent) 7%, transparent)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--ev-accent) 26%, transparent) !important" },
  "&.cm-focused": { outline: "2px solid var(--ev-accent)", outlineOffset: "-2px" },
  ".cm-liquid, .cm-liquid *": { color: "light-dark(#8a4b00, #f0bd5c) !important", fontWeight: "600" },
  ".cm-panels, .cm-tooltip": { backgroundColor: "var(--ev-surface)", color: "var(--ev-ink)", borderColor: "var(--ev-line)" },
  ".cm-textfield": { backgroundColor: "var(--ev-surface)", color: "var(--ev-ink)", border: "1px solid var(--ev-line-strong)", borderRadius: "4px" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--ev-sunken)", color: "var(--ev-ink)", border: "1px solid var(--ev-line-strong)", borderRadius: "4px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--ev-accent)", color: "var(--ev-on-accent)" },
});

const liquid = new MatchDecorator({ regexp: /\{\{.*?\}\}|\{%.*?%\}/g, decoration: Decoration.mark({ class: "cm-liquid" }) });
const liquidMarks = ViewPlugin.define(
  (view) => ({
    decorations: liquid.createDeco(view),
    update(update) { this.decorations = liquid.updateDeco(update, this.decorations); },
  }),
  { decorations: (plugin) => plugin.decorations },
);

const form = document.querySelector("[data-editor]");
if (form) start(form);

function start(form) {
  const area = form.querySelector("[data-source]");
  const checks = form.querySelector("[data-checks]");
  const frame = form.querySelector("[data-frame]");
  const state = form.querySelector("[data-state]");
  const words = document.getElementById("editor-words").content;
  let saved = form.dataset.refused === undefined ? area.value : null;
  let timer;
  let asked = 0;

  const view = mount(area, form, () => {
    area.value = view.state.doc.toString();
    say(area.value === saved ? "" : "[data-unsaved]");
    later();
  });
  for (const hidden of form.querySelectorAll("[data-scripted]")) hidden.hidden = false;
  form.querySelector("[data-plain]").hidden = true;

  const before = state.innerHTML;
  function say(which) {
    if (which) state.replaceChildren(words.querySelector(which).cloneNode(true));
    else state.innerHTML = before;
  }
  function later() {
    clearTimeout(timer);
    timer = setTimeout(follow, PAUSE);
  }

  async function follow() {
    const number = ++asked;
    let answer;
    try {
      answer = await fetch(form.dataset.check, { method: "POST", body: new FormData(form), credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
    } catch {
      say("[data-unreachable]");
      return;
    }
    const panel = await answer.text();
    if (number !== asked) return; // somebody typed on
    checks.innerHTML = panel;
    if (showProblems()) show();
  }

  // Problems of the panel as marks in the source; true when there is no error and the preview may follow.
  function showProblems() {
    const doc = view.state.doc;
    const found = [...checks.querySelectorAll("[data-problems] > li")].map((item) => {
      const line = doc.line(Math.min(Math.max(Number(item.dataset.line), 1), doc.lines));
      const from = Math.min(line.from + Number(item.dataset.column) - 1, line.to);
      const word = /^<?[\w:-]*/.exec(doc.sliceString(from, line.to))[0].length || 1;
      return { from, to: Math.min(from + word, line.to), severity: item.dataset.level, message: item.querySelector("[data-words]").textContent };
    });
    view.dispatch(setDiagnostics(view.state, found));
    return !found.some((problem) => problem.severity === "error");
  }

  // The frame asks for its own page, under its own policy: the form is sent into it.
  const carrier = document.createElement("form");
  Object.assign(carrier, { method: "post", action: form.dataset.message, target: frame.name, hidden: true });
  for (const name of ["csrfmiddlewaretoken", "source", "reader", "theme", "language"]) {
    carrier.append(Object.assign(document.createElement("textarea"), { name }));
  }
  document.body.append(carrier);
  function show() {
    for (const field of carrier.elements) field.value = form.elements[field.name].value;
    carrier.submit(); // not requestSubmit: this is no submission of the person
  }

  form.addEventListener("click", (event) => {
    const target = event.target.closest("[data-goto], [data-insert], [data-screen], [data-theme]");
    if (!target) return;
    if (target.dataset.goto !== undefined) goTo(target.closest("li"));
    else if (target.dataset.insert) insert(target.dataset.insert);
    else choose(target);
  });
  function goTo(item) {
    const line = view.state.doc.line(Math.min(Number(item.dataset.line), view.state.doc.lines));
    view.dispatch({ selection: { anchor: Math.min(line.from + Number(item.dataset.column) - 1, line.to) }, scrollIntoView: true });
    view.focus();
  }
  function insert(name) {
    view.dispatch(view.state.replaceSelection(`{{ ${name} }}`), { scrollIntoView: true });
    view.focus();
  }
  function choose(button) {
    for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
    if (button.dataset.screen) frame.classList.toggle("ev-frame--phone", button.dataset.screen === "phone");
    if (button.dataset.theme) {
      form.elements.theme.value = button.dataset.theme;
      show();
    }
  }
  const reader = form.elements.reader;
  reader.addEventListener("change", follow);
  reader.addEventListener("htmx:afterSwap", follow);

  form.addEventListener("submit", () => { saved = area.value; });
  window.addEventListener("beforeunload", (event) => { if (area.value !== saved) event.preventDefault(); });
  showProblems(); // the frame came with the page
  if (saved === null) say("[data-unsaved]");
}

function mount(area, form, changed) {
  const host = document.createElement("div");
  host.className = "ev-cm";
  area.before(host);
  area.hidden = true;
  const root = host.attachShadow({ mode: "open" });
  const label = form.querySelector(`label[for="${area.id}"]`).textContent;
  const elements = JSON.parse(area.dataset.tags).map((name) => ({ name, top: name === "mjml" }));
  const names = JSON.parse(area.dataset.names).map((name) => ({ label: name, type: "variable" }));
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        keymap.of([{ key: "Mod-s", run: () => { form.requestSubmit(); return true; } }]),
        basicSetup,
        xml({ elements }),
        autocompletion({ override: [liquidNames(names), completeFromSchema(elements, [])] }),
        lintGutter(),
        syntaxHighlighting(colours),
        look,
        liquidMarks,
        EditorView.lineWrapping,
        EditorState.phrases.of(JSON.parse(area.dataset.phrases)),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        EditorView.updateListener.of((update) => { if (update.docChanged) changed(); }),
      ],
    }),
  });
  view.scrollDOM.tabIndex = 0; // a region that scrolls can be scrolled from the keyboard
  return view;
}

// Inside {{ … }} the names a template may use.
function liquidNames(names) {
  return (context) => {
    const word = context.matchBefore(/\{\{-?\s*[\w.]*/);
    if (!word) return null;
    const typed = /[\w.]*$/.exec(word.text)[0];
    return { from: context.pos - typed.length, options: names };
  };
}
