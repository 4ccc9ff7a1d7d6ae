import { ask, change } from "./api.js";
import { button, el, fill, find, load, number, table, toast, when } from "./dom.js";

const place = find("missing");
const most = 200;

const columns = [
  { title: "Address", class: "path", cell: (p) => p.path },
  { title: "Asked for", class: "end", cell: (p) => number(p.count, "time") },
  { title: "Last", class: "end", cell: (p) => when(p.lastSeenAt) },
  { title: "", class: "end", cell: (p) => el("p", { class: "buttons" },
    el("a", { class: "button small", href: `/_system/redirects?from=${encodeURIComponent(p.path)}`, "aria-label": `Make a redirect from ${p.path}` }, "Redirect"),
    button("Dismiss", () => dismiss(p), { class: "small", "aria-label": `Dismiss ${p.path}` })) },
];

async function list() {
  const { missingPages } = await ask("query ($first: Int) { missingPages(first: $first) { path count lastSeenAt } }", { first: most });
  fill(place, table("Missing pages, the most asked-for first", columns, missingPages, "Nobody asked for a page that there is not."),
    missingPages.length === most && el("p", { class: "muted" }, `These are the ${number(most)} most asked for.`));
}

async function dismiss(p) {
  await change("mutation ($input: DismissMissingPageInput!) { dismissMissingPage(input: $input) { __typename ...Errors } }", { input: { path: p.path } });
  toast("Dismissed. It comes back if it is asked for again.");
  await list();
}

load(place, list);
