// The leader and its replicas, live. Each state arrives in the event stream of the node that serves
// this page, which also knows it while the leader is offline.

import { change } from "./api.js";
import { busy, el, fill, find, number, toast } from "./dom.js";

const address = "/_system/events";
const retryAfter = 3_000; // milliseconds, where the browser itself does not retry
const lateAfter = 5_000; // a state arrives every second; a longer pause is an error
const hiddenFor = 60_000; // a hidden page closes its connection after this time

// The stream

let source; // null without a stream
let picture; // the newest state, as received
let shown; // the drawn state: an older one while the page is paused
let came = 0; // arrival by performance.now()
let paused = false;
let ended = ""; // why the stream has ended, as a message
let broken = false;
let retrying;

function open() {
  clearTimeout(retrying);
  source?.close();
  source = new EventSource(address);
  source.addEventListener("topology", (event) => {
    broken = false;
    picture = JSON.parse(event.data);
    came = performance.now();
    if (!paused) show();
  });
  source.addEventListener("end", () => stop("Your session has ended."));
  source.addEventListener("error", () => {
    broken = true;
    tellStream();
    // The browser reconnects by itself if the node did not respond, but not after another response.
    if (source?.readyState === EventSource.CLOSED) retrying = setTimeout(probe, retryAfter);
  });
}

// probe finds out whether the node rejects this session or is still starting.
async function probe() {
  const asking = new AbortController();
  try {
    const { status } = await fetch(address, { signal: asking.signal, credentials: "same-origin" });
    if (status === 401 || status === 403) {
      stop("Your session has ended, or is not the owner's.");
      return;
    }
  } catch {
    // No response: the next attempt will show why.
  } finally {
    asking.abort();
  }
  open();
}

function stop(why) {
  ended = why;
  source?.close();
  source = null;
  tellStream();
}

let hiding;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (ended) return;
  if (document.hidden) {
    hiding = setTimeout(() => {
      source?.close();
      source = null;
    }, hiddenFor);
  } else if (!source) {
    open();
  }
});

// tellStream shows the age of the displayed state, and the reason for it.
function tellStream() {
  const place = find("stream");
  const late = broken || performance.now() - came > lateAfter;
  const old = Boolean(picture) && (late || Boolean(ended));
  find("drawing").classList.toggle("old", old);
  if (shown) tellSummary(old);
  const age = picture ? `What you see is ${span((performance.now() - came) / 1000)} old.` : "";
  place.classList.toggle("bad", late || Boolean(ended));
  if (ended) {
    const next = encodeURIComponent(location.pathname);
    fill(place, `${ended} ${age} `, el("a", { href: `/_system/signin?next=${next}` }, "Sign in again"));
    return;
  }
  let text = "";
  if (!picture) text = broken ? "This node does not answer; trying again …" : "";
  else if (broken) text = `The stream from this node is broken; trying again … ${age}`;
  else if (late) text = `Nothing comes from this node. ${age}`;
  else if (paused) text = `Paused. ${age}`;
  else if (picture.role === "leader") text = `Live, from ${picture.node}, the leader.`;
  else if (picture.ageSeconds > 5) text = `Live from ${picture.node}, a replica, whose leader told it last ${span(picture.ageSeconds)} ago.`;
  else text = `Live, from ${picture.node}, a replica.`;
  setText(place, text);
}
setInterval(tellStream, 1_000);

// tellSummary shows the state of all nodes, or the last known one.
function tellSummary(old) {
  const place = find("summary");
  setText(place, (old ? "When last heard: " : "") + summary(shown));
  place.dataset.wrong = old ? "unknown" : String(shown.wrong > 0);
}

// Texts

function span(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

const states = { OK: "well", WRONG: "something is wrong", GONE: "gone", UNKNOWN: "unknown" };
const marks = { OK: "✓", WRONG: "!", GONE: "✕", UNKNOWN: "?" };

const isReplica = (node) => node.role === "replica";
const behind = (node) => node.diverges ? Math.max(1, node.leaderPosition) : Math.max(0, node.leaderPosition - node.position);
const heard = (node) => (node.heardSecondsAgo < 3 ? "now" : `${span(node.heardSecondsAgo)} ago`);
const rate = (node) => (node.requestsPerSecond < 9.95 ? node.requestsPerSecond.toFixed(1) : number(Math.round(node.requestsPerSecond)));
const version = (node) => node.version || "–";

// upFor returns the uptime of a node at its last report.
function upFor(node) {
  const started = new Date(node.startedAt);
  return started.getFullYear() < 1971 ? "–" : span(Math.max(0, (Date.now() - started) / 1000 - node.heardSecondsAgo));
}

// lags returns a replica's lag in each of the last 60 minutes; null if unknown.
function lags(node) {
  const silent = Math.min(60, Math.floor(node.heardSecondsAgo / 60));
  return [...node.lagHistorySeconds.slice(silent), ...Array(silent).fill(null)].slice(-60);
}

function most(node) {
  const known = lags(node).filter((lag) => lag !== null);
  return known.length ? Math.max(...known) : null;
}

function summary({ nodes, wrong, rejected = [] }) {
  if (wrong === 0) return nodes.length === 1 ? "The leader is well. No replica has reported." : `All ${nodes.length} nodes are well.`;
  const names = nodes.filter((node) => node.state !== "OK").map((node) => `${node.name} (${states[node.state]})`);
  names.push(...rejected.map((node) => `${node.name || node.address} (rejected)`));
  return `${wrong} of ${number(nodes.length + rejected.length, "node")} not well: ${names.join(", ")}.`;
}

// Elements

const namespace = "http://www.w3.org/2000/svg";

function svg(tag, attributes) {
  const element = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// setText changes an element's text only if it differs, so that a selection stays and screen
// readers announce only changes.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const cards = new Map(); // by the node's name and URL

// card creates the display of a node, with a function that updates it.
function card(first) {
  const facts = {};
  const list = el("dl", { class: "node-facts" });
  const fact = (title) => {
    facts[title] = el("dd");
    list.append(el("div", {}, el("dt", {}, title), facts[title]));
  };
  ["Position", ...(isReplica(first) ? ["Lag"] : []), "Requests/s", "Version", "Notes", "Up for", "Last heard"].forEach(fact);
  const name = el("h2", {}, first.name);
  const state = el("span", { class: "node-state" });
  const place = el("p", { class: "node-place muted" });
  const wrong = el("ul", { class: "node-wrong" });
  const spark = isReplica(first) ? sparkline() : null;
  const forget = el("button", { type: "button", class: "small", hidden: true, onclick: () => busy(forget, () => forgetNode(first.name)) }, "Forget it");
  const element = el("li", { class: "node" }, el("div", { class: "node-head" }, name, state, forget), place, wrong, list, spark?.element);
  let saying = "";
  const update = (node, own) => {
    element.dataset.state = node.state;
    setText(state, `${marks[node.state]} ${states[node.state]}`);
    setText(place, [isReplica(node) ? "replica" : "leader", node.url || node.address, node.database, own ? "serves this page" : ""].filter(Boolean).join(" · "));
    const missed = behind(node);
    setText(facts.Position, number(node.position) + (isReplica(node) && missed ? ` (${number(missed)} behind)` : ""));
    if (facts.Lag) setText(facts.Lag, span(node.lagSeconds));
    setText(facts["Requests/s"], rate(node));
    setText(facts.Version, version(node));
    setText(facts.Notes, number(node.notes));
    setText(facts["Up for"], upFor(node));
    setText(facts["Last heard"], heard(node));
    const words = node.wrong.join("\n");
    if (words !== saying) fill(wrong, node.wrong.map((text) => el("li", {}, sentence(text))));
    saying = words;
    forget.hidden = node.state !== "GONE" || !isReplica(node);
    spark?.update(node);
  };
  return { element, update };
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + ".";

// sparkline draws a replica's lag over the last hour, with a bar for each minute.
function sparkline() {
  const width = 240;
  const height = 36;
  const bars = svg("path", { class: "bars", d: "" });
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", class: "spark", role: "img" });
  drawing.append(svg("path", { class: "ground", d: `M0 ${height - 0.5}H${width}` }), bars);
  const caption = el("span", { class: "muted" });
  const element = el("div", { class: "node-spark" }, drawing, el("p", { "aria-hidden": "true" }, el("span", { class: "muted" }, "an hour ago"), caption, el("span", { class: "muted" }, "now")));
  return { element, update };

  function update(node) {
    const step = width / 60;
    const path = lags(node).map((lag, i) => (lag === null ? "" : `M${((i + 0.5) * step).toFixed(1)} ${height}v${(-1 - scaled(lag) * (height - 2)).toFixed(1)}`)).join("");
    if (bars.getAttribute("d") !== path) bars.setAttribute("d", path);
    const top = most(node);
    const text = top === null ? "lag not known" : `at most ${span(top)}`;
    setText(caption, text);
    drawing.setAttribute("aria-label", `Lag over the last hour: ${text}`);
  }
}

// scaled maps a millisecond to 0 and a minute to 1.
const scaled = (seconds) => Math.min(1, Math.max(0, Math.log10(Math.max(seconds * 1000, 1)) / Math.log10(60_000)));

async function forgetNode(name) {
  await change("mutation($name: String!) { forgetNode(input: {name: $name}) { __typename ...Errors } }", { name });
  toast(`${name} is forgotten. It is back as soon as it reports.`);
}

// The page

function show() {
  shown = picture;
  document.title = (picture.wrong ? `(${picture.wrong}) ` : "") + title;
  showCards();
  showRejected();
  showRows();
  tellStream();
  drawLines();
}

const title = document.title;

function showCards() {
  const seen = new Set();
  for (const node of picture.nodes) {
    const key = `${node.role} ${node.name} ${node.address}`;
    seen.add(key);
    if (!cards.has(key)) cards.set(key, card(node));
    const { element, update } = cards.get(key);
    update(node, node.process === picture.process);
    const list = find(isReplica(node) ? "replicas" : "leader");
    if (element.parentElement !== list) list.append(element);
  }
  for (const [key, { element }] of cards) {
    if (seen.has(key)) continue;
    element.remove();
    cards.delete(key);
  }
  find("drawing").classList.toggle("alone", picture.nodes.length === 1);
}

// showRejected lists peers that send the leader requests with an invalid signature.
function showRejected() {
  const rejected = picture.rejected ?? [];
  find("rejected").hidden = rejected.length === 0;
  fill(find("rejected-nodes"), rejected.map((node) => {
    const who = node.name ? `A node at ${node.address} that calls itself ${node.name}` : `An unknown node at ${node.address}`;
    return el("li", {}, el("strong", {}, who), `: ${node.wrong}. Last heard: ${heard(node)}.`);
  }));
}

function showRows() {
  if (find("list").hidden) return;
  const cell = (text, end) => el("td", { class: end ? "end" : null }, text);
  fill(find("rows"), picture.nodes.map((node) => {
    const top = isReplica(node) ? most(node) : null;
    return el("tr", {}, el("th", { scope: "row" }, node.name), cell(node.role), cell(states[node.state]), cell(number(node.position), true),
      cell(isReplica(node) ? number(behind(node)) : "", true), cell(isReplica(node) ? span(node.lagSeconds) : "", true),
      cell(top === null ? "" : span(top), true), cell(rate(node), true), cell(version(node)), cell(node.ready ? "yes" : "no"),
      cell(heard(node), true), cell(node.wrong.map(sentence).join(" ")));
  }));
}

// drawLines draws the stream of changes from the leader to each replica: from its right side if
// there is room, otherwise along a line at the left.
function drawLines() {
  const drawing = find("drawing");
  const lines = find("lines");
  const from = find("leader").firstElementChild?.getBoundingClientRect();
  const frame = drawing.getBoundingClientRect();
  if (!from || drawing.hidden) return;
  const beside = find("replicas").getBoundingClientRect().left > from.right;
  const paths = [...find("replicas").children].map((card) => {
    const to = card.getBoundingClientRect();
    const y = to.top - frame.top + Math.min(36, to.height / 2);
    const x = to.left - frame.left;
    let d;
    if (beside) {
      const x1 = from.right - frame.left;
      const y1 = from.top - frame.top + 36;
      const middle = x1 + (x - x1) / 2;
      d = `M${x1} ${y1}C${middle} ${y1} ${middle} ${y} ${x} ${y}`;
    } else {
      const rail = from.left - frame.left + 12;
      d = `M${rail} ${from.bottom - frame.top}V${y - 8}q0 8 8 8H${x}`;
    }
    return { d, state: card.dataset.state };
  });
  const drawn = JSON.stringify([paths, frame.width, frame.height]);
  if (lines.dataset.drawn === drawn) return;
  lines.dataset.drawn = drawn;
  lines.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
  lines.replaceChildren(...paths.map(({ d, state }) => svg("path", { d, class: `line ${state.toLowerCase()}` })));
}

new ResizeObserver(() => picture && drawLines()).observe(find("drawing"));

find("pause").addEventListener("click", ({ currentTarget }) => {
  paused = !paused;
  currentTarget.setAttribute("aria-pressed", String(paused));
  if (!paused && picture) show();
  tellStream();
});

find("as-table").addEventListener("click", ({ currentTarget }) => {
  const table = find("list").hidden;
  currentTarget.setAttribute("aria-pressed", String(table));
  find("list").hidden = !table;
  find("drawing").hidden = table;
  if (picture) show();
});

open();
