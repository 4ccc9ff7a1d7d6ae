import { ask } from "./api.js";
import { bytes, el, fill, find, load, noteLink, number, when } from "./dom.js";

const query = `{
  viewer { user { email } }
  overview {
    notes pages hidden members warnings missing position
    lastPublished { path author byKey publishedAt }
    storage { database free versions assets files }
    problems { text page }
  }
}`;

function tile(value, words, page) {
  const inside = [el("strong", {}, value), el("span", {}, words)];
  return el("li", {}, page ? el("a", { href: page }, inside) : el("div", {}, inside));
}

function problems(list) {
  if (list.length === 0) return null;
  return el("section", { class: "notice bad", "aria-label": "What is wrong" },
    list.map((p) => el("p", {}, p.text, " ", p.page && el("a", { href: p.page }, "Look at it"))));
}

function published(version) {
  if (!version) return ["Nothing yet. ", el("a", { href: "/_system/publish" }, "Publish a folder")];
  return [when(version.publishedAt), " by ", version.byKey ? `the key ${version.author}` : version.author, ": ", noteLink(version.path)];
}

load(find("overview"), async () => {
  const { viewer, overview: o } = await ask(query);
  fill(find("problems"), problems(o.problems));
  fill(find("overview"),
    el("ul", { class: "tiles" },
      tile(number(o.notes), o.notes === 1 ? "note" : "notes", "/_system/notes"),
      tile(number(o.pages), o.pages === 1 ? "page" : "pages", "/"),
      tile(number(o.hidden), "hidden", "/_system/notes?show=HIDDEN"),
      tile(number(o.members), o.members === 1 ? "member" : "members", "/_system/members"),
      tile(number(o.warnings), o.warnings === 1 ? "warning" : "warnings", "/_system/warnings"),
      tile(number(o.missing), o.missing === 1 ? "broken URL" : "broken URLs", "/_system/404s"),
      tile(bytes(o.storage.database), "database")),
    el("h2", {}, "The site"),
    el("dl", { class: "facts" },
      el("dt", {}, "Last published"), el("dd", {}, published(o.lastPublished)),
      el("dt", {}, "Position"), el("dd", {}, number(o.position), el("span", { class: "second" }, "the number of the newest change that readers see")),
      el("dt", {}, "Texts"), el("dd", {}, `${bytes(o.storage.versions)}, all versions`),
      el("dt", {}, "Files"), el("dd", {}, `${number(o.storage.files, "file")}, ${bytes(o.storage.assets)}`),
      el("dt", {}, "Database"), el("dd", {}, `${bytes(o.storage.database)}, of which ${bytes(o.storage.free)} are free to be used again`),
      el("dt", {}, "Signed in as"), el("dd", {}, viewer.user?.email, " · ", el("a", { href: "/_system/account" }, "your account"))));
});
