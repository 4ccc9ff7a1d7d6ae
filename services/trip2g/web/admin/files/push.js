// Publishes a folder: compares it with the server, sends changes, and makes all of them visible at
// once.

import { ask, change, Failure, upload } from "./api.js";
import { contentHash, decoded, utf8Length } from "./vault.js";

const batchNotes = 100;
const batchBytes = 4 << 20; // of text in a request; a larger note has its own
const hidden = 1000; // paths in a request
const uploads = 3; // concurrent
// The Settings form creates it on the server, so a folder without it does not delete it.
const settingsPath = "_settings.md";

const assets = "assets { path sha256Hash absolutePath }";
const pushQuery = `mutation ($input: PushNotesInput!) { pushNotes(input: $input) { __typename ... on PushNotesPayload { notes { id path ${assets} } } ...Errors } }`;
const uploadQuery = "mutation ($input: UploadNoteAssetInput!) { uploadNoteAsset(input: $input) { __typename ... on UploadNoteAssetPayload { uploadSkipped } ...Errors } }";
const hideQuery = "mutation ($input: HideNotesInput!) { hideNotes(input: $input) { __typename ...Errors } }";
const commitQuery = "mutation { commitNotes { __typename ...Errors } }";
const discardQuery = "mutation { discardNotes { __typename ... on DiscardNotesPayload { committed } ...Errors } }";

const retryFor = 60_000; // how long to retry while the server is unavailable, in milliseconds
const longestWait = 5_000;

// newPush returns the random id of a push.
const newPush = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// discard ends a push, also while the page is being left. It returns whether it was too late,
// undefined if unknown.
async function discard(push) {
  try {
    return (await change(discardQuery, {}, { push, keepalive: true })).committed;
  } catch {
    return undefined;
  }
}

// patiently runs an action and retries it for a while if the server is unavailable. All actions of
// a push are idempotent.
async function patiently(signal, action) {
  const until = Date.now() + retryFor;
  for (let wait = 250; ; wait = Math.min(2 * wait, longestWait)) {
    try {
      return await action();
    } catch (failure) {
      if (!failure.temporary || Date.now() + wait > until) throw failure;
    }
    await new Promise((resolve) => { setTimeout(resolve, wait); });
    signal?.throwIfAborted();
  }
}

const accessFields = "default public members groups notShown unspecified";
const accessQuery = `mutation ($input: SetSiteAccessInput!) { setSiteAccess(input: $input) { __typename ... on SetSiteAccessPayload { state { ${accessFields} } } ...Errors } }`;

// siteAccess returns the access of the site.
export const siteAccess = async () => (await ask(`{ siteAccess { ${accessFields} } }`)).siteAccess;

// compare returns the differences of a folder and the server. It calls tell with its progress.
export async function compare(vault, { signal, tell }) {
  const query = "{ notePaths { id value latestContentHash assetReplaces { id hash absolutePath } } }";
  const { notePaths } = await patiently(signal, () => ask(query, {}, { signal }));
  const remote = new Map(notePaths.map((note) => [note.value, note]));
  const plan = { added: [], changed: [], same: [], gone: [], uploads: [], known: new Map() };
  let done = 0;
  for (const path of [...vault.notes.keys()].sort()) {
    signal.throwIfAborted();
    const there = remote.get(path);
    if (!there) plan.added.push(path);
    else if (there.latestContentHash !== await contentHash(await vault.text(path))) plan.changed.push(path);
    else plan.same.push(there);
    tell(++done, vault.notes.size);
  }
  plan.gone = notePaths.map((note) => note.value).filter((path) => !vault.notes.has(path) && path !== settingsPath);
  plan.excluded = plan.gone.filter((path) => vault.excluded.has(path));
  await compareFiles(vault, plan, signal);
  return plan;
}

// compareFiles checks the files of unchanged notes. A file can have changed, and a file that was
// missing can have been added to the folder: then the note is sent again, which changes nothing and
// returns its references.
async function compareFiles(vault, plan, signal) {
  const names = new Set([...vault.files.keys()].flatMap((path) => {
    const name = path.split("/").at(-1).normalize("NFC").toLowerCase();
    // A drawing is shown as its exported image.
    return [name, name.replace(/(\.excalidraw)(\.light|\.dark)?\.(svg|png)$/, "$1")];
  }));
  plan.again = [];
  for (const note of plan.same) {
    signal.throwIfAborted();
    for (const asset of note.assetReplaces) await want(vault, plan.uploads, note, { path: asset.id, sha256Hash: asset.hash, absolutePath: asset.absolutePath });
    const known = new Set(note.assetReplaces.map((asset) => asset.id));
    if (names.size > 0 && mentions(await vault.text(note.value), names, known)) plan.again.push(note.value);
  }
}

// mentions reports whether a text can refer to a file of the vault by a reference not yet known.
function mentions(text, names, known) {
  for (const [word] of text.matchAll(/[^[\]()<>"'|:\n\r\t]+\.[A-Za-z0-9]{1,8}/g)) {
    const written = word.trim();
    if (known.has(written)) continue;
    const name = (decoded(written) ?? written).split("/").at(-1).normalize("NFC").toLowerCase();
    if (names.has(name)) return true;
  }
  return false;
}

// want adds a file to those to send, unless the server has the same content.
async function want(vault, list, note, asset, missing) {
  const path = vault.find(note.value ?? note.path, asset.path);
  if (path === undefined) {
    const why = vault.missing(note.value ?? note.path, asset.path);
    if (why) missing?.push({ path: note.path, text: `refers to ${asset.path}, ${why}` });
    return;
  }
  const hash = await vault.hash(path);
  if (asset.sha256Hash === hash && asset.absolutePath === path) return;
  list.push({ noteId: note.id, note: note.value ?? note.path, reference: asset.path, path, hash, size: vault.files.get(path).size });
}

// push sends the changes of a plan. With hide, it unpublishes deleted notes. It calls tell(what,
// done, total) with its progress. It calls choose(unspecified) if the site has no default yet and
// this number of notes sets no access; choose returns EVERYONE or MEMBERS. push returns {sent,
// files, hidden, faults, missing}: faults are the files that the server rejected, {path, text};
// everything else is published. A failure's visible reports whether readers see the push anyway;
// undefined if unknown.
export async function push(vault, plan, { folder, hide, signal, tell, choose }) {
  const id = newPush();
  const left = () => discard(id);
  addEventListener("pagehide", left);
  const result = { sent: 0, files: 0, hidden: 0, faults: [], missing: [] };
  let visible = false;
  try {
    await stage(vault, plan, result, { hide, signal, tell, push: id });
    await settleAccess(choose, { signal, push: id });
    tell("commit", 0, 1);
    visible = undefined;
    // From here on the push cannot be stopped.
    await patiently(undefined, () => change(commitQuery, {}, { push: id, folder }));
  } catch (failure) {
    failure.visible = await discard(id) ?? visible;
    if (failure.visible !== true) throw failure;
  } finally {
    removeEventListener("pagehide", left);
  }
  return result;
}

async function stage(vault, plan, result, { hide, signal, tell, push }) {
  const list = [...plan.uploads];
  const notes = [...plan.added, ...plan.changed, ...plan.again];
  const options = { signal, push };
  let done = 0;
  for await (const batch of batches(vault, notes, signal)) {
    for (const note of await pushBatch(batch, result, options)) {
      for (const asset of note.assets) await want(vault, list, note, asset, result.missing);
    }
    done += batch.length;
    tell("notes", done, notes.length);
  }
  result.sent = plan.added.length + plan.changed.length - result.faults.length;
  await sendFiles(vault, list, result, { ...options, tell });
  for (let at = 0; hide && at < plan.gone.length; at += hidden) {
    const paths = plan.gone.slice(at, at + hidden);
    await patiently(signal, () => change(hideQuery, { input: { paths, skipCommit: true } }, options));
    result.hidden += paths.length;
  }
  signal.throwIfAborted();
}

// settleAccess asks the owner for the default access, once for a site.
async function settleAccess(choose, options) {
  const { stagedAccess: staged, siteAccess: live } = await ask(`{ stagedAccess { ${accessFields} } siteAccess { ${accessFields} } }`, {}, options);
  if (staged.default !== null || staged.unspecified === 0) return;
  const access = await choose(staged.unspecified, options.signal);
  await change(accessQuery, { input: { access, expectedPublic: live.unspecified } }, options);
}

async function* batches(vault, paths, signal) {
  let batch = [];
  let size = 0;
  for (const path of paths) {
    signal.throwIfAborted();
    const content = await vault.text(path);
    const length = utf8Length(content);
    if (batch.length === batchNotes || (batch.length > 0 && size + length > batchBytes)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push({ path, content });
    size += length;
  }
  if (batch.length > 0) yield batch;
}

// pushBatch sends notes. It skips the notes that the server rejects and records why.
async function pushBatch(updates, result, options) {
  try {
    return (await patiently(options.signal, () => change(pushQuery, { input: { updates, skipCommit: true } }, options))).notes;
  } catch (failure) {
    const refused = new Map((failure.fields ?? []).map((f) => [f.name, f.value]));
    const rest = updates.filter((u) => !refused.has(u.path));
    if (!(failure instanceof Failure) || rest.length === updates.length) throw failure;
    for (const u of updates) if (refused.has(u.path)) result.faults.push({ path: u.path, text: refused.get(u.path) });
    return rest.length > 0 ? pushBatch(rest, result, options) : [];
  }
}

async function sendFiles(vault, list, result, { signal, push, tell }) {
  const total = list.reduce((sum, u) => sum + u.size, 0);
  const sent = new Map(); // upload → bytes
  const count = () => tell("files", [...sent.values()].reduce((a, b) => a + b, 0), total);
  const waiting = [...list];
  const paths = new Set();
  const work = async () => {
    for (let u = waiting.shift(); u; u = waiting.shift()) {
      signal.throwIfAborted();
      await sendFile(vault, u, result, { signal, push, progress: (n) => { sent.set(u, Math.min(n, u.size)); count(); } });
      paths.add(u.path);
      sent.set(u, u.size);
      count();
    }
  };
  await Promise.all(Array.from({ length: uploads }, work));
  for (const f of result.faults) paths.delete(f.path);
  result.files = paths.size;
}

// sendFile sends a file. If the server rejects it, it records why.
async function sendFile(vault, u, result, options) {
  const input = { file: null, noteId: u.noteId, sha256Hash: u.hash, path: u.reference, absolutePath: u.path, skipCommit: true };
  try {
    await patiently(options.signal, () => upload(uploadQuery, { input }, vault.files.get(u.path), options));
  } catch (failure) {
    if (failure.code !== "invalid" && failure.code !== "too_large") throw failure;
    if (!result.faults.some((f) => f.path === u.path)) result.faults.push({ path: u.path, text: failure.message });
  }
}
