import { ask, change } from "./api.js";
import { busy, button, confirm, el, fill, find, load, noteLink, number, refreshHeader, table, toast } from "./dom.js";

const form = find("settings");
const fields = "path exists contentHash values { key kind title help value } warnings { line text }";
let settings;

function render() {
  if (settings.exists) fill(find("note"), noteLink(settings.path, el("code", {}, settings.path)));
  fill(form,
    settings.warnings.length > 0 && el("div", { class: "notice bad" }, settings.warnings.map((w) => el("p", {}, w.line > 0 ? `Line ${w.line}: ` : "", w.text))),
    settings.values.map((s) => (s.kind === "SWITCH" ? toggle(s) : line(s))),
    el("p", { class: "buttons" }, el("button", { class: "primary", id: "save" }, "Save")));
}

function line(s) {
  return el("div", { class: "field" },
    el("label", { for: `s-${s.key}` }, s.title),
    el("input", { id: `s-${s.key}`, name: s.key, value: s.value, maxLength: 600, autocomplete: "off", "aria-describedby": `h-${s.key}`, spellcheck: s.kind === "LINE" }),
    el("p", { class: "hint", id: `h-${s.key}` }, s.help));
}

function toggle(s) {
  return el("label", { class: "check" },
    el("input", { type: "checkbox", id: `s-${s.key}`, name: s.key, checked: s.value === "true" }),
    el("span", {}, s.title, el("span", { class: "hint" }, s.help)));
}

function values() {
  return settings.values
    .map((s) => ({ key: s.key, value: s.kind === "SWITCH" ? String(find(`s-${s.key}`).checked) : find(`s-${s.key}`).value.trim(), old: s.value }))
    .filter((s) => s.value !== s.old)
    .map(({ key, value }) => ({ key, value }));
}

// Shows each fault at its field, and focuses the field.
function showFaults(failure) {
  for (const { name, value } of failure.fields ?? []) {
    const input = find(`s-${name}`);
    input?.setAttribute("aria-invalid", "true");
    input?.after(el("p", { class: "bad fault" }, value));
    input?.focus();
  }
}

async function save() {
  for (const old of form.querySelectorAll(".fault")) old.remove();
  const changed = values();
  if (changed.length === 0) {
    toast("Nothing was changed.");
    return;
  }
  try {
    const saved = await change(`mutation ($input: SaveSiteSettingsInput!) { saveSiteSettings(input: $input) {
      __typename ... on SaveSiteSettingsPayload { settings { ${fields} } } ...Errors } }`, { input: { contentHash: settings.contentHash, values: changed } });
    settings = saved.settings;
  } catch (failure) {
    showFaults(failure);
    throw failure;
  }
  render();
  toast("Saved: the site has these settings now.");
  find("save").focus();
  await refreshHeader();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(find("save"), save);
});

load(form, async () => {
  settings = (await ask(`{ siteSettings { ${fields} } }`)).siteSettings;
  render();
});

const accessFields = "default public members groups notShown unspecified";

function showAccess(state) {
  const access = state.default;
  fill(find("access"),
    el("p", { class: "lead" }, access === "EVERYONE"
      ? "Notes that do not say who may read them are public."
      : access === "MEMBERS" ? "Notes that do not say who may read them are for members." : "Nothing was chosen yet: notes that do not say who may read them are for members."),
    el("p", {}, `${number(state.public, "note")} public, ${state.members} for members, ${state.groups} for groups, ${state.notShown} not shown. ${state.unspecified} of them do not say it themselves.`),
    el("p", { class: "buttons" },
      access !== "EVERYONE" && button("Make them public", () => makePublic(state), { id: "everyone" }),
      access !== "MEMBERS" && button("Keep them for members", () => setAccess({ access: "MEMBERS" }), { id: "members-only" })));
}

// makePublic shows what becomes public and asks for confirmation. The change includes the displayed
// number.
async function makePublic(state) {
  const { unspecifiedNotes } = await ask("{ unspecifiedNotes(first: 200) }");
  const more = state.unspecified - unspecifiedNotes.length;
  const yes = await confirm({
    title: `Make ${number(state.unspecified, "note")} public?`,
    body: [
      el("p", {}, "Everyone can read these notes from then on:"),
      el("ul", { class: "scroll", tabIndex: 0, "aria-label": "Notes that become public" }, unspecifiedNotes.map((path) => el("li", {}, path))),
      more > 0 && el("p", {}, `and ${number(more, "more note")}.`),
    ],
    yes: "Make public", danger: true,
  });
  if (yes) await setAccess({ access: "EVERYONE", expectedPublic: state.unspecified });
}

async function setAccess(input) {
  const saved = await change(`mutation ($input: SetSiteAccessInput!) { setSiteAccess(input: $input) { __typename
    ... on SetSiteAccessPayload { state { ${accessFields} } } ...Errors } }`, { input });
  showAccess(saved.state);
  toast("Saved: it holds on every node.");
  await refreshHeader();
}

load(find("access"), async () => showAccess((await ask(`{ siteAccess { ${accessFields} } }`)).siteAccess));

load(find("server"), async () => {
  const { nodeSettings } = await ask("{ nodeSettings { name value help secret isSet } }");
  fill(find("server"), table("Settings of the leader", [
    { title: "Setting", class: "path", cell: (s) => [el("code", {}, s.name), el("span", { class: "second" }, s.help)] },
    { title: "Value", class: "path", cell: shown },
  ], nodeSettings));
});

function shown(s) {
  if (s.secret) return el("span", { class: "muted" }, s.isSet ? "a secret, set" : "not set");
  return s.isSet ? el("code", {}, s.value) : el("span", { class: "muted" }, "not set");
}
