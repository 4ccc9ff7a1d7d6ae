import { ask, change } from "./api.js";
import { accessMark, busy, button, bytes, confirm, el, exact, fill, find, load, number, siteHref, tell, toast, when } from "./dom.js";

const path = new URLSearchParams(location.search).get("path") ?? "";
const perPage = 50;
const noteFields = "id path hidden url title access groups byDefault contentHash size createdAt publishedAt versionId versions";
const versionFields = "id size publishedAt author byKey current contentHash";

const heading = document.querySelector("main > h1");
let note;
let versions = [];
let chosen = new Set(); // at most two ids, the last chosen at the end

function show(text) {
  heading.textContent = text;
  document.title = document.title.replace(/^[^–]*/, `${text} `);
}

async function reload() {
  const { note: found } = await ask(`query ($path: String!) { note(path: $path) { ${noteFields} } }`, { path });
  note = found;
  if (!note) {
    show("No such note");
    fill(find("note"), el("p", {}, "There is no note at ", el("code", {}, path), ", and there never was. ", el("a", { href: "/_system/notes" }, "All notes")));
    return;
  }
  show(note.path);
  fill(find("note"), facts(), actions());
  find("history").hidden = false;
  versions = [];
  chosen = new Set();
  await more();
}

function facts() {
  return el("dl", { class: "facts" },
    el("dt", {}, "Page"), el("dd", {}, page()),
    note.url && [el("dt", {}, "Who can read it"), el("dd", {}, accessMark(note), note.byDefault && el("span", { class: "muted" }, " by the default of the site"))],
    note.title && [el("dt", {}, "Title"), el("dd", {}, note.title)],
    el("dt", {}, "Published"), el("dd", {}, when(note.publishedAt)),
    el("dt", {}, "First seen"), el("dd", {}, when(note.createdAt)),
    el("dt", {}, "Size"), el("dd", {}, bytes(note.size)),
    el("dt", {}, "Versions"), el("dd", {}, number(note.versions)));
}

function page() {
  if (note.hidden) return [el("span", { class: "mark bad" }, "hidden"), " Readers do not see it. Its history is kept."];
  if (!note.url) return [el("span", { class: "mark" }, "no page"), " It is a template, the settings, or says ", el("code", {}, "publish: false"), "."];
  return el("a", { href: siteHref(note.url) }, note.url);
}

function actions() {
  return el("p", { class: "buttons" },
    note.url && el("a", { class: "button", href: siteHref(note.url) }, "Open the page"),
    button("Download", download),
    button("Show the text", () => view(note.versionId)),
    note.hidden ? button("Show to readers again", unhide, { class: "primary" }) : button("Hide from readers", hide, { class: "danger" }));
}

async function hide() {
  const yes = await confirm({ title: "Hide this note?", body: `Readers of ${note.url ?? note.path} will be told that there is no such page. The text and its versions are kept, and you can show it again.`, yes: "Hide", danger: true });
  if (!yes) return;
  await change("mutation ($input: HideNotesInput!) { hideNotes(input: $input) { __typename ...Errors } }", { input: { paths: [note.path] } });
  toast("Readers do not see it any more.");
  await reload();
}

async function unhide() {
  await change("mutation ($input: ShowNotesInput!) { showNotes(input: $input) { __typename ...Errors } }", { input: { paths: [note.path] } });
  toast("Readers see it again.");
  await reload();
}

async function text(id) {
  const { noteVersion } = await ask(`query ($id: Int64!) { noteVersion(id: $id) { ${versionFields} content } }`, { id });
  return noteVersion;
}

async function download() {
  const version = await text(note.versionId);
  const address = URL.createObjectURL(new Blob([version.content], { type: "text/plain;charset=utf-8" }));
  el("a", { href: address, download: note.path.split("/").at(-1) }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

const longest = 200_000; // maximum length of a text that is shown at once

async function view(id) {
  const version = await text(id);
  const cut = version.content.length > longest;
  present(`The text ${version.current ? "now" : ""}`.trim(), [
    el("p", { class: "muted" }, when(version.publishedAt), " by ", author(version), `, ${bytes(version.size)}`),
    cut && el("p", { class: "notice" }, `Only its first ${number(longest)} letters are shown. Download it to see all.`),
    el("pre", { class: "text", dir: "auto", tabIndex: 0 }, version.content.slice(0, longest)),
  ]);
}

function present(title, inside) {
  fill(find("shown"), el("h2", {}, title), inside);
  find("shown").focus({ preventScroll: true });
  find("shown").scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

const author = (v) => (v.byKey ? `the key ${v.author}` : v.author);

async function more() {
  const before = versions.at(-1)?.id;
  const { noteVersions } = await ask(`query ($id: Int64!, $before: Int64, $first: Int) { noteVersions(noteId: $id, before: $before, first: $first) { ${versionFields} } }`,
    { id: note.id, before, first: perPage });
  versions.push(...noteVersions);
  find("older").hidden = versions.length >= note.versions;
  for (const v of versions.slice(0, 2).reverse()) if (chosen.size < 2) chosen.add(v.id);
  list();
}

function list() {
  find("compare").hidden = versions.length < 2;
  fill(find("versions"), el("div", { class: "scroll" },
    el("table", { class: "stacks" },
      el("caption", { class: "unseen" }, "Versions, the newest first"),
      el("thead", {}, el("tr", {}, ["Compare", "Published", "By", "Size", ""].map((title) => el("th", { scope: "col" }, title)))),
      el("tbody", {}, versions.map((v) => el("tr", {},
        el("td", {}, el("input", { type: "checkbox", checked: chosen.has(v.id), value: v.id, "aria-label": `Compare the version of ${exact(v.publishedAt)}`, onchange: (event) => choose(v.id, event.target.checked) })),
        el("th", { scope: "row" }, when(v.publishedAt), " ", v.current && el("span", { class: "mark good" }, note.hidden ? "last seen" : "now")),
        el("td", { "data-title": "By" }, author(v)),
        el("td", { class: "tight", "data-title": "Size" }, bytes(v.size)),
        el("td", {}, el("p", { class: "buttons" },
          button("View", () => view(v.id), { class: "small" }),
          !v.current && button("Restore", () => restore(v), { class: "small" })))))))));
}

// choose keeps two ids: a third replaces the one that was chosen first.
function choose(id, on) {
  chosen.delete(id);
  if (on) chosen.add(id);
  if (chosen.size > 2) chosen.delete(chosen.values().next().value);
  for (const box of find("versions").querySelectorAll("input")) box.checked = chosen.has(Number(box.value));
}

async function restore(v) {
  const yes = await confirm({ title: "Restore this version?", body: `Its text of ${exact(v.publishedAt)} becomes what readers see. The version of now stays in the history.`, yes: "Restore" });
  if (!yes) return;
  await change(`mutation ($input: RestoreNoteVersionInput!) { restoreNoteVersion(input: $input) { __typename ... on RestoreNoteVersionPayload { note { id } } ...Errors } }`, { input: { versionId: v.id } });
  toast("Restored: readers see it now.");
  fill(find("shown"));
  await reload();
}

async function compare() {
  if (chosen.size !== 2) throw Object.assign(new Error("Choose two versions."), { name: "Failure" });
  const [from, to] = [...chosen].sort((a, b) => a - b);
  const { noteDifference: d } = await ask(`query ($from: Int64!, $to: Int64!) { noteDifference(from: $from, to: $to) {
    from { publishedAt author byKey } to { publishedAt author byKey } added removed cut
    hunks { fromLine toLine lines { kind text cut } } } }`, { from, to });
  present("Difference", [
    el("p", {}, "From ", when(d.from.publishedAt), " (", author(d.from), ") to ", when(d.to.publishedAt), " (", author(d.to), "): ",
      el("span", { class: "good" }, `${number(d.added, "line")} more`), ", ", el("span", { class: "bad" }, `${number(d.removed, "line")} less`), "."),
    d.hunks.length === 0 && el("p", { class: "empty" }, "The two are the same."),
    d.hunks.length > 0 && difference(d.hunks),
    d.cut && el("p", { class: "notice" }, "There is more that differs than is shown here. Download both versions to see all."),
  ]);
}

function difference(hunks) {
  const rows = [];
  for (const hunk of hunks) {
    let from = hunk.fromLine;
    let to = hunk.toLine;
    rows.push(el("tr", { class: "gap" }, el("td", { colSpan: 4 }, `from line ${number(hunk.fromLine)}, now ${number(hunk.toLine)}`)));
    for (const line of hunk.lines) rows.push(lineRow(line, line.kind === "ADDED" ? "" : from++, line.kind === "REMOVED" ? "" : to++));
  }
  return el("div", { class: "difference", tabIndex: 0, role: "region", "aria-label": "Lines that differ" },
    el("table", {}, el("caption", { class: "unseen" }, "Line before, line after, what happened, text"), el("tbody", {}, rows)));
}

function lineRow(line, from, to) {
  const [sign, word] = { SAME: [" ", ""], ADDED: ["+", "added"], REMOVED: ["−", "removed"] }[line.kind];
  return el("tr", { class: line.kind.toLowerCase() },
    el("td", { class: "line" }, from), el("td", { class: "line" }, to),
    el("td", { class: "sign" }, el("span", { "aria-hidden": "true" }, sign), el("span", { class: "unseen" }, word)),
    el("td", {}, line.text.replace(/\r$/, "␍"), line.cut && el("span", { class: "muted" }, " … the line is longer")));
}

find("choice").addEventListener("submit", (event) => {
  event.preventDefault();
  busy(find("compare"), compare);
});
find("older").addEventListener("click", () => busy(find("older"), more));

if (path) load(find("note"), reload);
else tell(Object.assign(new Error("The address names no note."), { name: "Failure" }));
