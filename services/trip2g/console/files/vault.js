// A folder of notes in the browser, by the same rules as the command line's (package vault).

import { sha256 } from "./sha256.js";

const maxPath = 1024; // bytes, as trip2g.MaxPathLength
const maxSegment = 255; // bytes, as trip2g.MaxSegmentLength
const encoder = new TextEncoder();

const ignored = (name) => name.startsWith(".") || name === "node_modules";
const isNote = (path) => /\.(md|html)$/i.test(path);
const folded = (path) => path.normalize("NFC").toLowerCase();

// fault says why no server takes a path, "" if one does.
function fault(path) {
  if (path.includes("\\")) return "its path has a backslash";
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) return "its path has a control character";
  if (encoder.encode(path).length > maxPath) return "its path is longer than 1,024 bytes";
  if (path.split("/").some((segment) => encoder.encode(segment).length > maxSegment)) return "a name in its path is longer than 255 bytes";
  return "";
}

// filesOfInput gives {path, file} of what <input webkitdirectory> has: paths within the chosen folder.
export function filesOfInput(list) {
  return {
    name: list[0]?.webkitRelativePath.split("/")[0] ?? "",
    files: Array.from(list, (file) => ({ path: file.webkitRelativePath.split("/").slice(1).join("/"), file })),
  };
}

// entriesOfDrop has to be called while the drop's event lasts: what is dropped is not there after it.
export function entriesOfDrop(event) {
  return Array.from(event.dataTransfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
}

// filesOfDrop reads what was dropped: a folder's files, or those of several things side by side.
export async function filesOfDrop(entries) {
  const files = [];
  const one = entries.length === 1 && entries[0].isDirectory;
  const read = async (entry, path) => {
    if (entry.isFile) {
      files.push({ path, file: await new Promise((resolve, reject) => { entry.file(resolve, reject); }) });
      return;
    }
    for (const child of await children(entry)) if (!ignored(child.name)) await read(child, path ? `${path}/${child.name}` : child.name);
  };
  for (const entry of entries) if (one || !ignored(entry.name)) await read(entry, one ? "" : entry.name);
  return { name: one ? entries[0].name : "What you dropped", files };
}

// children lists a folder; a browser gives at most a hundred at once.
async function children(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (some.length === 0) return all;
    all.push(...some);
  }
}

// Vault is the notes and other files of a folder.
export class Vault {
  notes = new Map(); // path → File
  files = new Map(); // path → File
  warnings = []; // {path, text}
  #byPath = new Map(); // folded path → path
  #byName = new Map(); // folded last segment → paths, the shortest first
  #hashes = new Map();

  constructor(files) {
    for (const { path, file } of files) {
      if (path.split("/").some(ignored)) continue;
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

  // text gives a note as it is published: UTF-16 with its mark is decoded, and what is no UTF-8 becomes U+FFFD.
  async text(path) {
    const bytes = new Uint8Array(await this.notes.get(path).arrayBuffer());
    const [a, b] = bytes;
    if (a === 0xff && b === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
    if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be").decode(bytes);
    return new TextDecoder().decode(bytes);
  }

  // hash gives a file's SHA-256 in lower-case hex.
  async hash(path) {
    if (!this.#hashes.has(path)) this.#hashes.set(path, hex(await sha256(this.files.get(path))));
    return this.#hashes.get(path);
  }

  // find gives the path of the file that a note's reference means, undefined if there is none.
  find(notePath, reference) {
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

// readings gives what a reference may mean, the most literal first.
function readings(reference) {
  const bare = reference.replace(/[#?].*$/s, "");
  return [reference, bare, decoded(reference), decoded(bare)].filter((reading) => reading !== undefined);
}

// decoded gives a reference without its %20 and the like, undefined if they are none.
export function decoded(reference) {
  try {
    return decodeURIComponent(reference);
  } catch {
    return undefined;
  }
}

// join gives a clean path, undefined for one that leads out of the vault.
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

// contentHash is the sync API's hash of a text: SHA-256 of its UTF-8 in padded URL-safe base64.
export async function contentHash(text) {
  const bytes = await sha256(encoder.encode(text));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

export const utf8Length = (text) => encoder.encode(text).length;
