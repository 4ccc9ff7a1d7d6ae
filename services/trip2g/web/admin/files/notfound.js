import { ask, change } from "./api.js";
import { button, el, fill, find, load, number, table, toast, when } from "./dom.js";

const place = find("notfound");
const most = 200;

const columns = [
  { title: "URL", class: "path", cell: (p) => p.path },
  { title: "Requests", class: "end", cell: (p) => number(p.count) },
  { title: "Last", class: "end", cell: (p) => when(p.lastSeenAt) },
  { title: "", class: "end", cell: (p) => el("p", { class: "buttons" },
    el("a", { class: "button small", href: `/_system/redirects?from=${encodeURIComponent(p.path)}`, "aria-label": `Create a redirect from ${p.path}` }, "Redirect"),
    button("Dismiss", () => dismiss(p), { class: "small", "aria-label": `Dismiss ${p.path}` })) },
];

async function list() {
  const { missingPages } = await ask("query ($first: Int) { missingPages(first: $first) { path count lastSeenAt } }", { first: most });
  fill(place, table("404s, most requested first", columns, missingPages, "No broken URLs have been requested."),
    missingPages.length === most && el("p", { class: "muted" }, `These are the ${number(most)} most requested.`));
}

async function dismiss(p) {
  await change("mutation ($input: DismissMissingPageInput!) { dismissMissingPage(input: $input) { __typename ...Errors } }", { input: { path: p.path } });
  toast("Dismissed. It reappears if it is requested again.");
  await list();
}

load(place, list);
