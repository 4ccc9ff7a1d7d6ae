import { ask, change } from "./api.js";
import { copyable } from "./copyable.js";
import { busy, button, confirm, el, fill, find, load, table, toast, when } from "./dom.js";

const form = find("create");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(find("make"), async () => {
    const input = find("name");
    fill(find("fault"));
    input.removeAttribute("aria-invalid");
    try {
      await create(input.value);
      form.reset();
    } catch (failure) {
      if (!failure.refused) throw failure;
      input.setAttribute("aria-invalid", "true");
      fill(find("fault"), failure.message);
      input.focus();
    }
  });
});

async function create(name) {
  const made = await change("mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename ... on CreateApiKeyPayload { secret key { name } } ...Errors } }",
    { input: { name } });
  await show();
  const notice = el("div", { class: "notice", role: "status", tabIndex: -1 },
    el("p", {}, el("strong", {}, "Copy the key now: it is shown this once."), ` It is ${made.key.name}’s, and stored nowhere.`),
    copyable(made.secret, "Copy the key"));
  fill(find("made"), notice);
  notice.focus();
}

async function revoke(key) {
  const yes = await confirm({
    title: `Revoke ${key.name}?`,
    body: "Programs that use this key cannot publish from now on. A key that was revoked does not come back.",
    yes: "Revoke", danger: true,
  });
  if (!yes) return;
  await change("mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { __typename ... on RevokeApiKeyPayload { success } ...Errors } }",
    { input: { id: key.id } });
  toast(`The key ${key.name} is revoked.`);
  await show();
}

async function show() {
  const { apiKeys } = await ask("{ apiKeys { id name hint createdAt lastUsedAt revokedAt } }");
  // The newest first, and those that are over last.
  const keys = apiKeys.reverse().sort((a, b) => Boolean(a.revokedAt) - Boolean(b.revokedAt));
  fill(find("keys"), table("API keys", [
    { title: "Name", class: "path", cell: (k) => [k.name, " ", k.revokedAt && el("span", { class: "mark bad" }, "revoked")] },
    { title: "Begins with", cell: (k) => el("code", {}, `${k.hint}…`) },
    { title: "Created", class: "tight", cell: (k) => when(k.createdAt) },
    { title: "Last used", class: "tight", cell: (k) => when(k.lastUsedAt) },
    { title: "", class: "end", cell: (k) => (k.revokedAt ? ["revoked ", when(k.revokedAt)] : button("Revoke", () => revoke(k), { class: "small danger", "aria-label": `Revoke ${k.name}` })) },
  ], keys, "There are no keys yet. Create the first one above."));
}

load(find("keys"), show);
