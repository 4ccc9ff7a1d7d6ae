import { ask, change } from "./api.js";
import { busy, button, confirm, el, fill, find, load, siteHref, table, toast, when } from "./dom.js";

const form = find("add");
const place = find("redirects");

function target(r) {
  if (r.to === null) return el("span", { class: "muted" }, "a note without a page");
  return [el("a", { href: r.to.startsWith("/") ? siteHref(r.to) : r.to, rel: "noreferrer" }, r.to),
    r.dangling && el("span", { class: "second" }, "no page there yet")];
}

const columns = [
  { title: "From", class: "path", cell: (r) => [r.from, r.covered && el("span", { class: "second" }, "a page is there, which comes first")] },
  { title: "To", class: "path", cell: target },
  { title: "Created", class: "tight", cell: (r) => [when(r.createdAt), el("span", { class: "second" }, r.byMove ? "when a note moved" : "by you")] },
  { title: "", class: "end", cell: (r) => button("Remove", () => remove(r), { class: "small danger", "aria-label": `Remove the redirect from ${r.from}` }) },
];

async function list() {
  const { redirects } = await ask("{ redirects { id from to byMove covered dangling createdAt } }");
  fill(place, table("Redirects by address", columns, redirects, "No address leads elsewhere."));
}

async function put() {
  const { redirect } = await change("mutation ($input: PutRedirectInput!) { putRedirect(input: $input) { __typename ... on PutRedirectPayload { redirect { from to covered dangling } } ...Errors } }",
    { input: { from: path(form.from.value), to: path(form.to.value) } });
  await change("mutation ($input: DismissMissingPageInput!) { dismissMissingPage(input: $input) { __typename ...Errors } }", { input: { path: redirect.from } });
  toast(added(redirect));
  form.reset();
  form.from.focus();
  await list();
}

function added(r) {
  if (r.covered) return `Added. There is a page at ${r.from}, though, which comes first.`;
  if (r.dangling) return `Added. There is no page at ${r.to} yet, though.`;
  return "Added: it leads there now.";
}

// path returns the unescaped path of a URL of this site that was copied from a browser's address
// bar. Other texts are unchanged.
function path(text) {
  text = text.trim();
  const local = text.startsWith(`${location.origin}/`) ? text.slice(location.origin.length) : text;
  if (!local.startsWith("/")) return text;
  try {
    return decodeURI(local);
  } catch {
    return local;
  }
}

async function remove(r) {
  const yes = await confirm({ title: "Remove this redirect?", body: `Readers of ${r.from} will be told that there is no such page.`, yes: "Remove", danger: true });
  if (!yes) return;
  await change("mutation ($input: DeleteRedirectInput!) { deleteRedirect(input: $input) { __typename ...Errors } }", { input: { id: r.id } });
  toast("Removed.");
  await list();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(find("put"), put);
});

// The page of 404s links here with one of the paths.
form.from.value = new URLSearchParams(location.search).get("from") ?? "";
if (form.from.value) form.to.focus();
load(place, list);
