// Search as you type, in a dialog opened by "/", Ctrl-K and the field in the header. Without this
// script the field submits to the search page.

const field = document.querySelector("form.find input");
const patience = 120; // ms without a key before a request
let parts = null;

if (field) {
  const form = field.form;
  form.addEventListener("submit", take);
  field.addEventListener("input", take);
  field.addEventListener("compositionend", take);
  field.addEventListener("pointerdown", take);
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) take(event);
  });
  addEventListener("keypress", (event) => { // the keypress inserts the letter, while keydown may not
    if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]")) take(event);
  });
}

// take opens the dialog in place of an event's default action, with the field's text.
function take(event) {
  if (event.isComposing) return; // unfinished input-method text would be lost
  if (document.querySelector("dialog[open]:not(.search)")) return;
  event.preventDefault();
  parts ??= build();
  if (!parts.dialog.open) {
    parts.input.value = field.value || parts.input.value;
    field.value = "";
    parts.dialog.showModal();
    parts.input.select();
    if (event.type === "input" || event.type === "compositionend") parts.input.setSelectionRange(parts.input.value.length, parts.input.value.length);
  }
  ask(parts);
}

function build() {
  const dialog = document.createElement("dialog");
  dialog.className = "search";
  dialog.id = "_search";
  dialog.lang = "en";
  dialog.setAttribute("aria-label", "Search");
  dialog.innerHTML = `
    <form action="${field.form.getAttribute("action")}" role="search" aria-label="As you type">
      <svg class="i" viewBox="0 0 24 24" aria-hidden="true"><circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/></svg>
      <input type="search" name="q" aria-label="Search" placeholder="Search" autocomplete="off" spellcheck="false" maxlength="200" aria-controls="_found">
      <button type="button" class="icon" aria-label="Close"><svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="m6 6 12 12M18 6 6 18"/></svg></button>
    </form>
    <ul id="_found" aria-label="Results"></ul>
    <p class="state" role="status" aria-live="polite"></p>`;
  const p = {
    dialog, input: dialog.querySelector("input"), list: dialog.querySelector("ul"), state: dialog.querySelector(".state"),
    asked: null, timer: 0, request: null,
  };
  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => keys(event, p));
  p.input.addEventListener("input", () => ask(p));
  p.input.form.addEventListener("submit", (event) => {
    const first = p.list.querySelector("a");
    if (p.asked !== p.input.value.trim() || !first) return; // the search page is used instead
    event.preventDefault();
    first.click();
  });
  document.body.append(dialog);
  return p;
}

// keys moves between the field and the results. Text typed on a result goes to the field.
function keys(event, p) {
  if (event.isComposing) return; // the keys belong to the input method
  const stops = [p.input, ...p.list.querySelectorAll("a")];
  const at = stops.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    stops[(Math.max(at, 0) + step + stops.length) % stops.length].focus();
    event.preventDefault();
  } else if (at > 0 && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
    p.input.focus();
  } else if (event.key === "Escape") {
    event.preventDefault(); // otherwise Escape first clears the field
    p.dialog.close();
  }
}

function ask(p) {
  clearTimeout(p.timer);
  const query = p.input.value.trim();
  if (query === p.asked) return;
  p.request?.abort();
  if (!query) {
    p.asked = query;
    p.list.replaceChildren();
    p.state.textContent = "Type to search all pages.";
    return;
  }
  p.timer = setTimeout(() => answer(p, query), patience);
}

async function answer(p, query) {
  p.request = new AbortController();
  const { signal } = p.request;
  try {
    const response = await fetch(p.input.form.action + ".json?q=" + encodeURIComponent(query), { signal, headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.statusText);
    const found = await response.json();
    if (signal.aborted) return;
    p.asked = query;
    p.list.replaceChildren(...found.results.map(line));
    if (found.total > found.results.length) p.list.append(lineToAll(found.total, query));
    p.list.scrollTop = 0;
    p.state.textContent = stateOf(found);
  } catch (error) {
    if (error.name === "AbortError") return;
    p.asked = null;
    p.list.replaceChildren();
    p.state.textContent = "Search does not answer now. Enter asks the search page.";
  }
}

function stateOf({ total, results, indexing }) {
  const still = indexing ? " The index is still being made." : "";
  if (!results.length) return "Nothing was found." + still;
  if (total > results.length) return `The first ${results.length} of ${total} pages.` + still;
  return (total === 1 ? "1 page." : `${total} pages.`) + still;
}

function line({ title, url, snippet, marks, membersOnly }) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = url;
  link.dir = "auto";
  const name = document.createElement("strong");
  name.textContent = title;
  if (membersOnly) name.className = "lock";
  const text = document.createElement("span");
  text.append(...pieces(snippet ?? "", marks ?? []));
  link.append(name, text);
  item.append(link);
  return item;
}

// lineToAll links to the search page, which has all results.
function lineToAll(total, query) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = field.form.action + "?q=" + encodeURIComponent(query);
  link.textContent = `All ${total} pages`;
  item.append(link);
  return item;
}

// pieces splits a snippet at its marks.
function pieces(text, marks) {
  const out = [];
  let at = 0;
  for (const [from, to] of marks) {
    if (from < at || to <= from || to > text.length) continue;
    const mark = document.createElement("mark");
    mark.textContent = text.slice(from, to);
    out.push(text.slice(at, from), mark);
    at = to;
  }
  out.push(text.slice(at));
  return out;
}
