// Helpers that create elements. Texts are always set as text, so content of a vault never becomes
// HTML.

// el creates an element. It skips properties with the value null, undefined or false. "class",
// "for" and names with a "-" are attributes, functions are listeners ("onclick"), others are
// properties.
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (name === "class" || name === "for" || name.includes("-") || !(name in element)) element.setAttribute(name, value === true ? "" : value);
    else element[name] = value;
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// find returns the element with an id.
export const find = (id) => document.getElementById(id);

// fill replaces the children of an element.
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// table creates a table whose rows become blocks on a narrow screen. columns: {title, cell(row) →
// node, text or a list of those, class}; caption describes the table to screen readers.
export function table(caption, columns, rows, empty = "There is nothing here.") {
  if (rows.length === 0) return el("p", { class: "empty" }, empty);
  return el("div", { class: "scroll" },
    el("table", { class: "stacks" },
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, columns.map((c) => el("th", { scope: "col", class: c.class }, c.title)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, columns.map((c, i) => i === 0
        ? el("th", { scope: "row", class: c.class }, c.cell(row))
        : el("td", { class: c.class, "data-title": c.title || null }, c.cell(row))))))));
}

// button creates a button that runs an action, is disabled meanwhile, and shows errors.
export function button(title, action, properties = {}) {
  const made = el("button", { type: "button", ...properties, onclick: () => busy(made, action) }, title);
  return made;
}

// busy runs an action with a disabled control and returns the action's result. It shows a failure
// and returns undefined.
export async function busy(control, action) {
  if (control.getAttribute("aria-busy") === "true") return undefined;
  control.setAttribute("aria-busy", "true");
  control.disabled = true;
  try {
    return await action();
  } catch (failure) {
    tell(failure);
    return undefined;
  } finally {
    control.removeAttribute("aria-busy");
    control.disabled = false;
  }
}

let hide;

// toast shows a line for a while, and announces it to screen readers.
export function toast(text, bad = false) {
  const place = find("toast");
  place.setAttribute("role", bad ? "alert" : "status");
  fill(place, el("p", { class: bad ? "bad" : "good" }, text, el("button", { type: "button", "aria-label": "Close", onclick: () => fill(place) }, "×")));
  clearTimeout(hide);
  hide = setTimeout(() => fill(place), bad ? 20_000 : 6_000);
}

// tell shows a failure.
export function tell(failure) {
  if (failure?.name === "AbortError") return;
  if (failure?.code === "unauthorized") {
    signedOut();
    return;
  }
  if (failure?.name !== "Failure") console.error(failure);
  toast(words(failure), true);
}

// words returns a failure's message with the invalid parts that the message does not name.
export function words(failure) {
  const parts = (failure?.fields ?? []).filter((f) => !failure.message.includes(f.value)).map((f) => `${f.name}: ${f.value}`);
  return [failure?.message ?? String(failure), ...parts].join("\n");
}

// signedOut redirects to the sign-in page, which leads back here.
function signedOut() {
  const next = encodeURIComponent(location.pathname + location.search);
  fill(find("toast"), el("p", { class: "bad" }, "Your session has ended. ", el("a", { href: `/_system/signin?next=${next}` }, "Sign in again")));
}

// load runs the action that fills a page, and shows a failure in its place with a button to retry.
export async function load(place, action) {
  place.setAttribute("aria-busy", "true");
  if (!place.hasChildNodes()) fill(place, el("p", { class: "empty" }, "Loading …"));
  try {
    await action();
  } catch (failure) {
    if (failure?.name === "AbortError") return;
    if (failure?.name !== "Failure") console.error(failure);
    if (failure?.code === "unauthorized") signedOut();
    fill(place, el("div", { class: "notice bad", role: "alert" }, el("p", {}, words(failure)),
      el("button", { type: "button", onclick: () => { fill(place); load(place, action); } }, "Try again")));
  } finally {
    place.removeAttribute("aria-busy");
  }
}

// confirm opens a dialog and returns true if the answer is yes. body is text or nodes.
export function confirm({ title, body, yes = "Yes", danger = false }) {
  return new Promise((resolve) => {
    const id = `dialog-${Math.random().toString(36).slice(2)}`;
    const dialog = el("dialog", { class: "admin", "aria-labelledby": id },
      el("form", { method: "dialog" },
        el("h2", { id }, title),
        el("div", {}, typeof body === "string" ? el("p", {}, body) : body),
        el("p", { class: "buttons" },
          el("button", { value: "yes", class: danger ? "danger" : "primary" }, yes),
          el("button", { value: "no", autofocus: true }, "Cancel"))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

// exact formats a time of the API to the minute, in the reader's time zone: 2 January 2026, 15:04.
export function exact(time) {
  const at = new Date(time);
  const digits = (n) => String(n).padStart(2, "0");
  return `${at.getDate()} ${months[at.getMonth()]} ${at.getFullYear()}, ${digits(at.getHours())}:${digits(at.getMinutes())}`;
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const units = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

// when shows the time since a time of the API, with the exact time as its title.
export function when(time, never = "never") {
  if (!time) return el("span", { class: "muted" }, never);
  const at = new Date(time);
  const seconds = (at - Date.now()) / 1000;
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
  const text = unit === "second" && Math.abs(seconds) < 10 ? "just now" : relative.format(Math.round(seconds / size), unit);
  return el("time", { dateTime: at.toISOString(), title: exact(at) }, text);
}

// bytes formats a size.
export function bytes(n) {
  if (n < 1000) return `${n} B`;
  for (const unit of ["KB", "MB", "GB"]) {
    n /= 1000;
    if (n < 999.5 || unit === "GB") return `${n < 9.95 ? n.toFixed(1) : Math.round(n)} ${unit}`;
  }
  return "";
}

// number formats a count with grouped digits, and with the singular or plural word if given.
export function number(n, one, many = `${one}s`) {
  const text = Number(n).toLocaleString("en");
  return one === undefined ? text : `${text} ${Number(n) === 1 ? one : many}`;
}

// accessMark shows who can read a note with a page.
export function accessMark(n) {
  if (n.access === "GROUPS") return el("span", { class: "mark" }, n.groups.length > 0 ? n.groups.join(", ") : "only you");
  return n.access === "PUBLIC" ? el("span", { class: "mark good" }, "public") : el("span", { class: "mark" }, "members");
}

// refreshHeader updates the site's name and the notices in the header after a change.
export async function refreshHeader() {
  const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => undefined);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const name = document.querySelector("header.site .name");
  const now = fresh.querySelector("header.site .name");
  if (!now) return;
  if (document.title.endsWith(` – ${name.textContent}`)) document.title = document.title.slice(0, -name.textContent.length) + now.textContent;
  name.textContent = now.textContent;
  document.querySelector(".banner")?.remove();
  const banner = fresh.querySelector(".banner");
  if (banner) document.querySelector("header.site").after(document.adoptNode(banner));
}

// noteLink returns a link to the page about a note.
export const noteLink = (path, text = path) => el("a", { href: `/_system/note?path=${encodeURIComponent(path)}` }, text);

// siteHref returns the URL path of a page of the site from the unescaped path in the API.
export const siteHref = (path) => path.split("/").map(encodeURIComponent).join("/");

// later debounces an action: it runs after a pause of this many milliseconds, with the last
// arguments.
export function later(milliseconds, action) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), milliseconds);
  };
}
