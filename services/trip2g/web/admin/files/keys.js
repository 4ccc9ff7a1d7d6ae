import { ask, change } from "./api.js";
import { copyable } from "./copyable.js";
import { busy, button, confirm, el, fill, find, load, table, toast, when } from "./dom.js";

const form = find("create");
const keyFields = "id name hint scopes folder createdAt expiresAt lastUsedAt revokedAt";

// Scopes of a key, by their names in the API, with descriptions.
const scopes = [
  { name: "READ", title: "Read", hint: "every note, also those for members, with its history", chosen: true },
  { name: "PUBLISH", title: "Publish", hint: "notes and files, and unpublish them", chosen: true },
  { name: "SETTINGS", title: "Settings", hint: "stylesheet, footer, HTML as it is, and who can read notes that do not say", chosen: false },
];

// grantFields creates the fields for a key's grant and expiry. input() returns their values for the
// API.
function grantFields(key, prefix) {
  const boxes = scopes.map((s) => el("input", { type: "checkbox", id: `${prefix}-${s.name}`, checked: key ? key.scopes.includes(s.name) : s.chosen }));
  const folder = el("input", { id: `${prefix}-folder`, autocomplete: "off", placeholder: "everywhere", value: key?.folder ?? "" });
  const expires = el("input", { type: "date", id: `${prefix}-expires`, value: key?.expiresAt ? lastDay(key.expiresAt) : "" });
  const nodes = [
    el("fieldset", {}, el("legend", {}, "The key may"),
      scopes.map((s, i) => el("label", { class: "check", for: boxes[i].id }, boxes[i], el("span", {}, s.title, el("span", { class: "hint" }, s.hint))))),
    el("div", { class: "field" }, el("label", { for: folder.id }, "Publish only below this folder"), folder),
    el("div", { class: "field" }, el("label", { for: expires.id }, "Last day (never expires without one)"), expires),
  ];
  const input = () => ({
    scopes: scopes.filter((_, i) => boxes[i].checked).map((s) => s.name),
    folder: folder.value,
    expiresAt: expires.value ? dayAfter(expires.value) : null,
  });
  const reset = () => {
    boxes.forEach((box, i) => { box.checked = scopes[i].chosen; });
    folder.value = expires.value = "";
  };
  return { nodes, input, reset };
}

// A key expires at the end of its last day in UTC.
function dayAfter(day) {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + 1);
  return at.toISOString();
}

const lastDay = (expiresAt) => new Date(new Date(expiresAt) - 1).toISOString().slice(0, 10);

const grant = grantFields(null, "new");
fill(find("grant"), grant.nodes);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(find("make"), async () => {
    const input = find("name");
    fill(find("fault"));
    input.removeAttribute("aria-invalid");
    try {
      await create({ name: input.value, ...grant.input() });
      input.value = "";
      grant.reset();
    } catch (failure) {
      if (!failure.refused) throw failure;
      input.setAttribute("aria-invalid", "true");
      fill(find("fault"), failure.message);
      input.focus();
    }
  });
});

async function create(input) {
  const made = await change("mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename ... on CreateApiKeyPayload { secret key { name } } ...Errors } }",
    { input });
  await show();
  const notice = el("div", { class: "notice", role: "status", tabIndex: -1 },
    el("p", {}, el("strong", {}, "Copy the key now: it is shown this once."), ` It is the key ${made.key.name}, and is stored nowhere.`),
    copyable(made.secret, "Copy the key"));
  fill(find("made"), notice);
  notice.focus();
}

async function update(key) {
  const fields = grantFields(key, `key-${key.id}`);
  if (!await confirm({ title: `Change ${key.name}`, body: el("div", {}, fields.nodes), yes: "Save" })) return;
  await change("mutation ($input: UpdateApiKeyInput!) { updateApiKey(input: $input) { __typename ...Errors } }", { input: { id: key.id, ...fields.input() } });
  toast(`The key ${key.name} is changed.`);
  await show();
}

async function revoke(key) {
  const yes = await confirm({
    title: `Revoke ${key.name}?`,
    body: "Programs that use this key can do nothing with it from now on. A key that was revoked does not come back.",
    yes: "Revoke", danger: true,
  });
  if (!yes) return;
  await change("mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { __typename ... on RevokeApiKeyPayload { success } ...Errors } }",
    { input: { id: key.id } });
  toast(`The key ${key.name} is revoked.`);
  await show();
}

const isOver = (key) => Boolean(key.revokedAt) || (key.expiresAt !== null && new Date(key.expiresAt) <= new Date());

const mayDo = (key) => scopes.filter((s) => key.scopes.includes(s.name)).map((s) => s.title).join(", ") + (key.folder ? ` in ${key.folder}/` : "");

async function show() {
  const { apiKeys } = await ask(`{ apiKeys { ${keyFields} } }`);
  // Newest first, expired and revoked keys last.
  const keys = apiKeys.reverse().sort((a, b) => isOver(a) - isOver(b));
  fill(find("keys"), table("API keys", [
    { title: "Name", class: "path", cell: (k) => [k.name, " ", isOver(k) && el("span", { class: "mark bad" }, k.revokedAt ? "revoked" : "expired")] },
    { title: "Begins with", cell: (k) => el("code", {}, `${k.hint}…`) },
    { title: "May", cell: mayDo },
    { title: "Created", class: "tight", cell: (k) => when(k.createdAt) },
    { title: "Last used", class: "tight", cell: (k) => when(k.lastUsedAt) },
    { title: "Expires", class: "tight", cell: (k) => when(k.expiresAt) },
    { title: "", class: "end", cell: (k) => (k.revokedAt ? ["revoked ", when(k.revokedAt)] : [
      button("Change", () => update(k), { class: "small", "aria-label": `Change ${k.name}` }), " ",
      button("Revoke", () => revoke(k), { class: "small danger", "aria-label": `Revoke ${k.name}` })]) },
  ], keys, "There are no keys yet. Create the first one above."));
}

load(find("keys"), show);
