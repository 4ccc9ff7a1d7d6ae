// Small helpers that make elements. Texts are always set as text: nothing of a vault becomes HTML.

// el makes an element. Properties whose value is null, undefined or false are left out; "class", "for"
// and those with a "-" are attributes, a function is a listener ("onclick"), all else a property.
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

// find gives the element with an id.
export const find = (id) => document.getElementById(id);

// fill puts children in the place of what an element holds.
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// table makes one, whose rows become blocks on a narrow screen. columns: {title, cell(row) → node, text or
// a list of those, class}; caption says what it lists, for who does not see it.
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

// button makes one that runs an action, cannot be pressed again meanwhile, and says what went wrong.
export function button(title, action, properties = {}) {
  const made = el("button", { type: "button", ...properties, onclick: () => busy(made, action) }, title);
  return made;
}

// busy runs an action with a control switched off. It gives what the action gives; a failure is told and
// makes undefined.
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

// toast shows a line for a while, and reads it to who listens.
export function toast(text, bad = false) {
  const place = find("toast");
  place.setAttribute("role", bad ? "alert" : "status");
  fill(place, el("p", { class: bad ? "bad" : "good" }, text, el("button", { type: "button", "aria-label": "Close", onclick: () => fill(place) }, "×")));
  clearTimeout(hide);
  hide = setTimeout(() => fill(place), bad ? 20_000 : 6_000);
}

// tell shows what went wrong.
export function tell(failure) {
  if (failure?.name === "AbortError") return;
  if (failure?.code === "unauthorized") {
    signedOut();
    return;
  }
  if (failure?.name !== "Failure") console.error(failure);
  toast(words(failure), true);
}

// words gives a failure's text with the parts at fault that it does not name itself.
export function words(failure) {
  const parts = (failure?.fields ?? []).filter((f) => !failure.message.includes(f.value)).map((f) => `${f.name}: ${f.value}`);
  return [failure?.message ?? String(failure), ...parts].join("\n");
}

// signedOut leads to where one signs in, and back.
function signedOut() {
  const next = encodeURIComponent(location.pathname + location.search);
  fill(find("toast"), el("p", { class: "bad" }, "Your session has ended. ", el("a", { href: `/_system/signin?next=${next}` }, "Sign in again")));
}

// load runs what fills a page and puts a failure where its result would be, with a way to try again.
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

// confirm asks in a dialog and gives true if the answer is yes. body is text or nodes.
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

// exact shows a time of the API to the minute, in the reader's own zone: 2 January 2026, 15:04.
export function exact(time) {
  const at = new Date(time);
  const digits = (n) => String(n).padStart(2, "0");
  return `${at.getDate()} ${months[at.getMonth()]} ${at.getFullYear()}, ${digits(at.getHours())}:${digits(at.getMinutes())}`;
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const units = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

// when shows a time of the API as how long ago it was, with the exact one as its title.
export function when(time, never = "never") {
  if (!time) return el("span", { class: "muted" }, never);
  const at = new Date(time);
  const seconds = (at - Date.now()) / 1000;
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
  const text = unit === "second" && Math.abs(seconds) < 10 ? "just now" : relative.format(Math.round(seconds / size), unit);
  return el("time", { dateTime: at.toISOString(), title: exact(at) }, text);
}

// bytes shows a size.
export function bytes(n) {
  if (n < 1000) return `${n} B`;
  for (const unit of ["KB", "MB", "GB"]) {
    n /= 1000;
    if (n < 999.5 || unit === "GB") return `${n < 9.95 ? n.toFixed(1) : Math.round(n)} ${unit}`;
  }
  return "";
}

// number shows a count with its digits in groups; given words, with the one that fits it.
export function number(n, one, many = `${one}s`) {
  const text = Number(n).toLocaleString("en");
  return one === undefined ? text : `${text} ${Number(n) === 1 ? one : many}`;
}

// accessMark says who may read a note with a page.
export function accessMark(n) {
  if (n.access === "GROUPS") return el("span", { class: "mark" }, n.groups.length > 0 ? n.groups.join(", ") : "only you");
  return n.access === "PUBLIC" ? el("span", { class: "mark good" }, "public") : el("span", { class: "mark" }, "members");
}

// refreshHeader shows the site's name and what is told of the whole site as they are after a change.
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

// noteLink leads to the page about a note.
export const noteLink = (path, text = path) => el("a", { href: `/_system/note?path=${encodeURIComponent(path)}` }, text);

// siteHref is the address of a page of the site from its URL path as the API gives it, unescaped.
export const siteHref = (path) => path.split("/").map(encodeURIComponent).join("/");

// later runs an action when its calls have paused for so many milliseconds, with the last call's arguments.
export function later(milliseconds, action) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), milliseconds);
  };
}
