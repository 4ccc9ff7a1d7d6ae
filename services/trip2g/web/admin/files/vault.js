// A folder of notes in the browser, by the same rules as the command line (package vault).

import { Failure } from "./api.js";
import { exclusions, exportNames, folded, hasRules, isDrawingText, isHidden, isNote } from "./rules.js";
import { sha256 } from "./sha256.js";

const maxPath = 1024; // bytes, as trip2g.MaxPathLength
const maxSegment = 255; // bytes, as trip2g.MaxSegmentLength
const encoder = new TextEncoder();

const isPublishable = (path) => !path.split("/").some(isHidden); // by its name

// fault returns why servers reject a path, "" if they accept it.
function fault(path) {
  if (path.includes("\\")) return "its path has a backslash";
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) return "its path has a control character";
  if (encoder.encode(path).length > maxPath) return "its path is longer than 1,024 bytes";
  if (path.split("/").some((segment) => encoder.encode(segment).length > maxSegment)) return "a name in its path is longer than 255 bytes";
  return "";
}

// filesOfInput returns {path, file} for <input webkitdirectory>, with paths within the chosen
// folder.
export function filesOfInput(list) {
  return {
    name: list[0]?.webkitRelativePath.split("/")[0] ?? "",
    folder: list[0]?.webkitRelativePath.split("/")[0] ?? "",
    files: Array.from(list, (file) => ({ path: file.webkitRelativePath.split("/").slice(1).join("/"), file })),
  };
}

// entriesOfDrop must be called during the drop event, after which the dropped items are gone.
export function entriesOfDrop(event) {
  return Array.from(event.dataTransfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
}

// filesOfDrop reads dropped items: the files of one folder, or of several items together.
export async function filesOfDrop(entries) {
  const files = [];
  const one = entries.length === 1 && entries[0].isDirectory;
  const read = async (entry, path) => {
    if (entry.isFile) {
      files.push({ path, file: await new Promise((resolve, reject) => { entry.file(resolve, reject); }) });
      return;
    }
    for (const child of await children(entry)) await take(child, path ? `${path}/${child.name}` : child.name);
  };
  const take = async (entry, path) => { if (!isHidden(entry.name) || hasRules(path)) await read(entry, path); };
  for (const entry of entries) await (one ? read(entry, "") : take(entry, entry.name));
  return { name: one ? entries[0].name : "What you dropped", folder: one ? entries[0].name : "", files };
}

// children lists a folder; browsers return at most a hundred entries at a time.
async function children(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (some.length === 0) return all;
    all.push(...some);
  }
}

// Vault contains the notes and other files of a folder. open creates one.
export class Vault {
  notes = new Map(); // path → File
  files = new Map(); // path → File
  warnings = []; // {path, text}, of files that are left out
  ruleWarnings = []; // {path, text}, of rules that match nothing
  excluded = new Map(); // path → the rule that excludes it from a push
  #byPath = new Map(); // folded path → path
  #byName = new Map(); // folded last segment → paths, shortest first
  #hashes = new Map();

  // open applies the rules of a folder to its files. It throws a Failure for an invalid rule.
  static async open(read) {
    // Some systems return names in another Unicode form.
    const files = read.map(({ path, file }) => ({ path: path.normalize("NFC"), file }));
    const vault = new Vault();
    const texts = new Map();
    for (const { path, file } of files) if (hasRules(path)) texts.set(path, await decodedText(file));
    const byPath = new Map(files.filter(({ path }) => isPublishable(path)).map(({ path, file }) => [path, file]));
    const isDrawing = async (path) => isDrawingText(await decodedText(byPath.get(path)));
    const { excluded, warnings, faults } = await exclusions([...byPath.keys()], texts, isDrawing);
    if (faults.length > 0) throw new Failure(`What stays out of a push is not clear: ${faults.map(([place, text]) => `${place}: ${text}`).join("; ")}`);
    vault.excluded = excluded;
    vault.ruleWarnings = warnings.map(([path, text]) => ({ path, text }));
    vault.#add(byPath);
    return vault;
  }

  #add(byPath) {
    for (const [path, file] of byPath) {
      if (this.excluded.has(path)) continue;
      const why = fault(path);
      if (why) {
        if (isNote(path)) this.warnings.push({ path, text: `${why}; it is left out` });
        continue;
      }
      (isNote(path) ? this.notes : this.files).set(path, file);
    }
    this.#index();
  }

  #index() {
    const order = (a, b) => a.split("/").length - b.split("/").length || a.length - b.length || (a < b ? -1 : 1);
    for (const path of [...this.files.keys()].sort(order)) {
      const key = folded(path);
      if (!this.#byPath.has(key)) this.#byPath.set(key, path);
      const name = key.split("/").at(-1);
      this.#byName.set(name, [...(this.#byName.get(name) ?? []), path]);
    }
  }

  // text returns the published text of a note.
  text(path) {
    return decodedText(this.notes.get(path));
  }

  // hash returns a file's SHA-256 in lower-case hex.
  async hash(path) {
    if (!this.#hashes.has(path)) this.#hashes.set(path, hex(await sha256(this.files.get(path))));
    return this.#hashes.get(path);
  }

  // find returns the path of the file that a note's reference resolves to, for an Excalidraw
  // drawing its exported image; undefined without one.
  find(notePath, reference) {
    const found = this.#find(notePath, reference);
    const drawing = reference.replace(/#.*$/s, "");
    if (found !== undefined || !/\.excalidraw$/i.test(drawing)) return found;
    return exportNames(drawing).map((name) => this.#find(notePath, name)).find((path) => path !== undefined);
  }

  // missing returns why find has no result for a reference, "" if that is not a fault.
  missing(notePath, reference) {
    const name = (reading) => folded(reading.split("/").at(-1));
    const names = readings(reference).map(name);
    // A note's name can be Node.js.
    if ([...this.notes.keys()].some((path) => names.includes(name(path.replace(/\.md$/i, ""))))) return "";
    for (const [path, rule] of this.excluded) {
      if (!names.includes(name(path)) && !names.includes(name(path.replace(/\.md$/i, "")))) continue;
      return isNote(path) ? "" : `which is left out (${rule})`;
    }
    return "which is not in the folder";
  }

  #find(notePath, reference) {
    const folder = notePath.split("/").slice(0, -1);
    for (const reading of readings(reference)) {
      const found = (reading.startsWith("/") ? undefined : this.#at(join([...folder, ...reading.split("/")])))
        ?? this.#at(join(reading.split("/"))) ?? this.#ending(join(reading.split("/")));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #at(path) {
    if (path === undefined) return undefined;
    return this.files.has(path) ? path : this.#byPath.get(folded(path));
  }

  #ending(path) {
    if (!path) return undefined;
    const suffix = folded(`/${path}`);
    return this.#byName.get(suffix.split("/").at(-1))?.find((found) => folded(`/${found}`).endsWith(suffix));
  }
}

// decodedText returns a file's text. It decodes UTF-16 with a byte order mark, and replaces invalid
// UTF-8 by U+FFFD.
async function decodedText(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return new TextDecoder().decode(bytes);
}

// readings returns the possible meanings of a reference, the most literal first.
function readings(reference) {
  const bare = reference.replace(/[#?].*$/s, "");
  return [reference, bare, decoded(reference), decoded(bare)].filter((reading) => reading !== undefined);
}

// decoded decodes the percent-encoding of a reference, undefined if it is invalid.
export function decoded(reference) {
  try {
    return decodeURIComponent(reference);
  } catch {
    return undefined;
  }
}

// join returns a clean path, undefined for one outside of the vault.
function join(segments) {
  const out = [];
  for (const segment of segments) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") out.push(segment);
    else if (out.pop() === undefined) return undefined;
  }
  return out.join("/");
}

export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

// contentHash returns the sync API's hash of a text: SHA-256 of its UTF-8 in padded URL-safe
// base64.
export async function contentHash(text) {
  const bytes = await sha256(encoder.encode(text));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

export const utf8Length = (text) => encoder.encode(text).length;
