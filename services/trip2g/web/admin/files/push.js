// Publishes a folder: compares it with the server, sends what differs, and makes all of it visible at once.

import { ask, change, Failure, upload } from "./api.js";
import { contentHash, decoded, utf8Length } from "./vault.js";

const batchNotes = 100;
const batchBytes = 4 << 20; // of text in a request; a larger note goes alone
const hidden = 1000; // paths in a request
const uploads = 3; // at once
const settingsPath = "_settings.md"; // the Settings form makes it on the server: a folder without it says nothing about it

const assets = "assets { path sha256Hash absolutePath }";
const pushQuery = `mutation ($input: PushNotesInput!) { pushNotes(input: $input) { __typename ... on PushNotesPayload { notes { id path ${assets} } } ...Errors } }`;
const uploadQuery = "mutation ($input: UploadNoteAssetInput!) { uploadNoteAsset(input: $input) { __typename ... on UploadNoteAssetPayload { uploadSkipped } ...Errors } }";
const hideQuery = "mutation ($input: HideNotesInput!) { hideNotes(input: $input) { __typename ...Errors } }";
const commitQuery = "mutation { commitNotes { __typename ...Errors } }";
const discardQuery = "mutation { discardNotes { __typename ... on DiscardNotesPayload { committed } ...Errors } }";

const retryFor = 60_000; // how long to try again what the server cannot take now, in milliseconds
const longestWait = 5_000;

// newPush returns the id of a push: what is staged with it no other push publishes.
const newPush = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// discard ends a push, also while the page is being left. It gives whether it was too late, undefined if that
// is not known.
async function discard(push) {
  try {
    return (await change(discardQuery, {}, { push, keepalive: true })).committed;
  } catch {
    return undefined;
  }
}

// patiently does what the server may not be able to do now, and again for a while. Each thing that a push does
// can be done twice.
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

// siteAccess reports who may read the site.
export const siteAccess = async () => (await ask(`{ siteAccess { ${accessFields} } }`)).siteAccess;

// compare tells how a folder and the server differ. tell is called with how far it is.
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

// compareFiles looks at the notes that are not sent. A file that the server has for them may be another one
// by now; and one that it has not may have come to the folder after its note: then the note is sent again,
// which changes nothing and tells what it refers to.
async function compareFiles(vault, plan, signal) {
  const names = new Set([...vault.files.keys()].flatMap((path) => {
    const name = path.split("/").at(-1).normalize("NFC").toLowerCase();
    return [name, name.replace(/(\.excalidraw)(\.light|\.dark)?\.(svg|png)$/, "$1")]; // a drawing is shown by its image
  }));
  plan.again = [];
  for (const note of plan.same) {
    signal.throwIfAborted();
    for (const asset of note.assetReplaces) await want(vault, plan.uploads, note, { path: asset.id, sha256Hash: asset.hash, absolutePath: asset.absolutePath });
    const known = new Set(note.assetReplaces.map((asset) => asset.id));
    if (names.size > 0 && mentions(await vault.text(note.value), names, known)) plan.again.push(note.value);
  }
}

// mentions tells whether a text may refer to a file of the vault that is not known for it.
function mentions(text, names, known) {
  for (const [word] of text.matchAll(/[^[\]()<>"'|:\n\r\t]+\.[A-Za-z0-9]{1,8}/g)) {
    const written = word.trim();
    if (known.has(written)) continue;
    const name = (decoded(written) ?? written).split("/").at(-1).normalize("NFC").toLowerCase();
    if (names.has(name)) return true;
  }
  return false;
}

// want adds a file to those to send, unless the server has it as it is.
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

// push sends what a plan has. hide takes the notes that are gone from readers. tell(what, done, total) is
// called with how far it is. choose(unspecified) is called if the site has no default yet for that many notes
// that do not say who may read them: it gives EVERYONE or MEMBERS. push gives {sent, files, hidden, faults,
// missing}: faults are the files that the server did not take, {path, text}; all else is published. A failure's
// visible says whether readers see the push all the same; undefined if that is not known.
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
    await patiently(undefined, () => change(commitQuery, {}, { push: id, folder })); // from here on it cannot be stopped
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

// settleAccess has the owner choose who may read what does not say, once for a site.
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

// pushBatch leaves out the notes that the server does not take, and says why.
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

// sendFile leaves out a file that the server does not take for what it is, and says why.
async function sendFile(vault, u, result, options) {
  const input = { file: null, noteId: u.noteId, sha256Hash: u.hash, path: u.reference, absolutePath: u.path, skipCommit: true };
  try {
    await patiently(options.signal, () => upload(uploadQuery, { input }, vault.files.get(u.path), options));
  } catch (failure) {
    if (failure.code !== "invalid" && failure.code !== "too_large") throw failure;
    if (!result.faults.some((f) => f.path === u.path)) result.faults.push({ path: u.path, text: failure.message });
  }
}
