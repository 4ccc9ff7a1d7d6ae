import { ask } from "./api.js";
import { accessMark, bytes, el, fill, find, later, load, noteLink, number, siteHref, table, when } from "./dom.js";

const perPage = 50;
const query = `query ($filter: NotesFilter) {
  notes(filter: $filter) { total notes { path hidden url title access groups byDefault size publishedAt } }
}`;

const form = find("filter");
const place = find("notes");
let running; // the pending request

// The filter is in the URL, so that the back button and sharing work.
function read() {
  const wanted = new URLSearchParams(location.search);
  form.text.value = wanted.get("text") ?? "";
  form.show.value = wanted.get("show") ?? "ALL";
  if (!form.show.value) form.show.value = "ALL";
  return Math.max(1, Number.parseInt(wanted.get("page") ?? "1", 10) || 1);
}

function address(page) {
  const wanted = new URLSearchParams();
  if (form.text.value.trim()) wanted.set("text", form.text.value.trim());
  if (form.show.value !== "ALL") wanted.set("show", form.show.value);
  if (page > 1) wanted.set("page", page);
  const text = wanted.toString();
  return location.pathname + (text ? `?${text}` : "");
}

const columns = [
  { title: "Note", class: "path", cell: (n) => [noteLink(n.path, n.title || n.path), n.title ? el("span", { class: "second" }, n.path) : null] },
  { title: "State", class: "tight", cell: state },
  { title: "Size", class: "end", cell: (n) => bytes(n.size) },
  { title: "Published", class: "end", cell: (n) => when(n.publishedAt) },
  { title: "", class: "end", cell: (n) => n.url && el("a", { href: siteHref(n.url), "aria-label": `Open the page of ${n.title}` }, "Open") },
];

// state returns the notable states of a note; most notes have the site's defaults.
function state(n) {
  if (n.hidden) return el("span", { class: "mark bad" }, "hidden");
  if (!n.url) return el("span", { class: "mark" }, "no page");
  return n.byDefault ? "" : accessMark(n);
}

function pager(page, total) {
  const first = (page - 1) * perPage + 1;
  const last = Math.min(total, page * perPage);
  const step = (to, text, possible) => el("button", { type: "button", class: "small", disabled: !possible, onclick: () => go(to) }, text);
  return el("div", { class: "pager", role: "navigation", "aria-label": "Parts of the list" },
    step(page - 1, "Back", page > 1),
    step(page + 1, "Next", last < total),
    el("span", { role: "status" }, total === 0 ? "nothing" : `${number(first)} to ${number(last)} of ${number(total, "note")}`));
}

function show(page) {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  return load(place, async () => {
    const filter = { text: form.text.value, show: form.show.value, offset: (page - 1) * perPage, first: perPage };
    const { notes } = await ask(query, { filter }, { signal });
    if (notes.notes.length === 0 && notes.total > 0) return go(Math.ceil(notes.total / perPage), true);
    fill(place, notes.total === 0 ? nothing() : [table("Notes by path", columns, notes.notes), pager(page, notes.total)]);
    return undefined;
  });
}

function nothing() {
  if (form.text.value.trim() || form.show.value !== "ALL") return el("p", { class: "empty", role: "status" }, "No note is like that.");
  return el("p", { class: "empty" }, "There is no note yet. ", el("a", { href: "/_system/publish" }, "Publish a folder"), ".");
}

function go(page, replace = false) {
  history[replace ? "replaceState" : "pushState"](null, "", address(page));
  return show(page);
}

form.addEventListener("submit", (event) => { event.preventDefault(); go(1); });
form.show.addEventListener("change", () => go(1));
form.text.addEventListener("input", later(250, () => go(1, true)));
addEventListener("popstate", () => show(read()));
show(read());
