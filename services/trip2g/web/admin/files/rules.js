// Rules that exclude files of a folder from a push, the same as the command line's (package vault).

const ignoreFile = ".trip2gignore";
const settingsPath = "_settings.md";
const templateSettings = [[".obsidian/templates.json", "folder"], [".obsidian/plugins/templater-obsidian/data.json", "templates_folder"]];

// isHidden reports whether files and folders with this name are never part of a vault.
export const isHidden = (name) => name.startsWith(".") || name === "node_modules";

export const isNote = (path) => /\.(md|html)$/i.test(path);

// hasRules reports whether a path is a file with rules or a folder that leads to one.
export function hasRules(path) {
  const names = path.split("/");
  return path === settingsPath || templateSettings.some(([config]) => config === path || config.startsWith(`${path}/`))
    || (names.at(-1) === ignoreFile && !names.slice(0, -1).some(isHidden));
}

// folded returns the same text for paths that differ only in letter case or Unicode form.
export const folded = (path) => Array.from(path.normalize("NFC"), (c) => c.toUpperCase().toLowerCase()).join("");

// exclusions applies the rules of a folder. texts are its files with rules, path → text.
// isDrawing(path) reports whether a note's frontmatter is that of an Excalidraw drawing. It returns
// excluded, path → rule; warnings, [place, text]; and faults, [place, text]. With a fault nothing
// may be published, because an ignored rule would publish private files.
export async function exclusions(paths, texts, isDrawing) {
  const faults = [];
  const rules = readRules(texts, faults);
  const warnings = [];
  for (const { place, text } of unmatched(paths, rules)) {
    if (/[ \t]#/.test(text)) faults.push([place, `"${text}" matches nothing: a comment needs its own line (write "\\#" if the # is part of a name)`]);
    else warnings.push([place, `"${text}" matches nothing in this folder`]);
  }
  const excluded = new Map();
  const kept = new Set();
  for (const path of paths) {
    const rule = ruleOf(path, rules, kept);
    if (rule) excluded.set(path, rule);
  }
  const files = new Map(paths.filter((path) => !isNote(path) && !excluded.has(path)).map((path) => [folded(path), path]));
  for (const path of paths) {
    if (excluded.has(path) || kept.has(path) || !isNote(path)) continue;
    const image = exportNames(path.replace(/\.md$/i, "")).map((name) => files.get(folded(name))).find((name) => name !== undefined);
    if (image !== undefined && (/\.excalidraw\.md$/i.test(path) || await isDrawing(path))) excluded.set(path, `Excalidraw drawing, exported to ${image}`);
  }
  return { excluded, warnings, faults };
}

function readRules(texts, faults) {
  const rules = { exclude: [], include: [], templates: new Map(), ignore: new Map() };
  for (const [config, key] of templateSettings) {
    const folder = templateFolder(texts.get(config), key);
    if (folder) rules.templates.set(folded(folder), `folder of templates (${config})`);
  }
  const settings = attempt(faults, settingsPath, () => pushRules(texts.get(settingsPath) ?? ""));
  for (const key of ["exclude", "include"]) {
    for (const text of settings?.[key] ?? []) {
      const pattern = attempt(faults, settingsPath, () => parsePattern(text), text);
      if (pattern === null || pattern?.negate) faults.push([settingsPath, `"${text}" is not a pattern: one that begins with ! or # belongs in a file ${ignoreFile}`]);
      else if (pattern) rules[key].push({ ...pattern, rule: `${settingsPath}: ${key} ${text}`, folder: "", place: settingsPath, text });
    }
  }
  for (const [path, text] of texts) {
    if (path.split("/").at(-1) !== ignoreFile) continue;
    const folder = path.slice(0, -ignoreFile.length);
    const broken = linesOf(text).findIndex((line) => line.includes("\uFFFD"));
    if (broken >= 0) {
      faults.push([path, `is not valid UTF-8 on line ${broken + 1}: save it as UTF-8`]);
      continue;
    }
    const patterns = linesOf(text).map((line, i) => {
      const place = `${path}:${i + 1}`;
      const pattern = attempt(faults, place, () => parsePattern(line), line);
      return pattern && { ...pattern, rule: place, folder, place, text: line };
    });
    rules.ignore.set(folder, patterns.filter(Boolean).toReversed());
  }
  return rules;
}

// unmatched lists the patterns that match neither a path nor one of its folders. It omits patterns
// for hidden files, which are excluded anyway.
function unmatched(paths, rules) {
  const all = [...rules.exclude, ...rules.include, ...[...rules.ignore.values()].flatMap((patterns) => patterns.toReversed())];
  const left = new Set(all.filter((pattern) => !pattern.hidden));
  const seen = new Set();
  for (const path of paths) {
    const names = path.split("/");
    for (let i = names.length; i > 0 && left.size > 0; i--) {
      const part = names.slice(0, i).join("/");
      if (seen.has(part)) break;
      seen.add(part);
      for (const pattern of left) {
        if (part.startsWith(pattern.folder) && pattern.matches(folded(part.slice(pattern.folder.length)), i < names.length)) left.delete(pattern);
      }
    }
  }
  return [...left];
}

// linesOf splits a text at line feeds, carriage returns or both.
const linesOf = (text) => text.split(/\r\n|\n|\r/);

function attempt(faults, place, action, written) {
  try {
    return action();
  } catch (failure) {
    faults.push([place, (written === undefined ? "" : `"${written}" `) + failure.message]);
    return undefined;
  }
}

function templateFolder(text, key) {
  try {
    const value = JSON.parse(text)[key];
    return typeof value === "string" ? value.trim().split("/").filter((name) => name && name !== ".").join("/") : "";
  } catch {
    return "";
  }
}

// ruleOf returns the rule that excludes a path, undefined without one. Everything in an excluded
// folder is excluded.
function ruleOf(path, rules, kept) {
  const names = path.split("/");
  for (let i = 1; i <= names.length; i++) {
    const isFolder = i < names.length;
    const key = folded(names.slice(0, i).join("/"));
    const excluded = rules.exclude.find((p) => p.matches(key, isFolder));
    if (excluded) return excluded.rule;
    const decided = ignoring(names.slice(0, i), isFolder, rules.ignore);
    if (decided && !decided.negate) return decided.rule;
    if (decided && !isFolder) kept.add(path);
    if (!decided && isFolder && rules.templates.has(key)) return rules.templates.get(key);
  }
  const included = (_, i) => rules.include.some((p) => p.matches(folded(names.slice(0, i + 1).join("/")), i + 1 < names.length));
  if (rules.include.length > 0 && isNote(path) && path !== settingsPath && !names.some(included)) return `not in include of ${settingsPath}`;
  return undefined;
}

// ignoring returns the pattern that applies to a path: the last match in the nearest file.
function ignoring(names, isFolder, ignore) {
  for (let i = names.length - 1; i >= 0; i--) {
    const folder = names.slice(0, i).map((name) => `${name}/`).join("");
    const inside = folded(names.slice(i).join("/"));
    const pattern = ignore.get(folder)?.find((p) => p.matches(inside, isFolder));
    if (pattern) return pattern;
  }
  return undefined;
}

// parsePattern parses a line in the syntax of .gitignore, null without a pattern. It throws for
// patterns that can never match.
function parsePattern(line) {
  let text = line.replace(/(?<!\\)((?:\\\\)*)[ \t]+$|((?<!\\)(?:\\\\)*\\[ \t])[ \t]*$/, "$1$2");
  if (text === "" || text.startsWith("#")) return null;
  const negate = text.startsWith("!");
  if (negate) text = text.slice(1);
  const folderOnly = text.endsWith("/");
  if (folderOnly) text = text.slice(0, -1);
  const anchored = text.startsWith("/");
  if (anchored) text = text.slice(1);
  const segments = text.split("/");
  const globs = segments.map(segmentPattern);
  if (segments.at(-1) === "**") { // matches the content of the folder, not the folder
    segments.push("*");
    globs.push("[^/]*");
  } else if (globs.length === 1 && !anchored) {
    segments.unshift("**");
    globs.unshift("");
  }
  const parts = globs.map((glob, i) => (segments[i] === "**" ? "(?:[^/]+/)*" : glob + (i < globs.length - 1 ? "/" : "")));
  const whole = new RegExp(`^${parts.join("")}$`, "u");
  return { negate, hidden: segments.some(isHidden), matches: (path, isFolder) => (isFolder || !folderOnly) && whole.test(path) };
}

const unclosed = 'has a "[" without its "]", or a "\\" at its end';
const literal = (c) => c.replace(/[\\^$.*+?()[\]{}|/-]/gu, "\\$&");

// segmentPattern converts the part of a pattern between slashes to a regular expression.
function segmentPattern(segment) {
  if (segment === "") throw new Error("names a folder without a name");
  if (segment === "." || segment === "..") throw new Error('has a "." or ".." in its path: patterns begin at the folder that they are for');
  if (/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/.test(segment)) throw new Error("has a control character, which no name of a note has");
  if (segment.includes("[:")) throw new Error("has a class such as [:digit:], which is not supported: write [0-9]");
  if (/(?<!\\)(?:\\\\)*\\[\p{L}\p{Nd}]/u.test(segment)) throw new Error('has a "\\" before a letter or digit: folders are separated by "/"');
  const parts = /\\(.)|(\*+)|(\?)|\[([!^]?)((?:\\.|[^\\\]])+)\]|([^\\[])|(.)/gu;
  const out = Array.from(folded(segment).matchAll(parts), ([, escaped, star, any, not, bracketed, plain, wrong]) => {
    if (wrong) throw new Error(unclosed);
    if (star) return "[^/]*";
    if (any) return "[^/]";
    if (bracketed !== undefined) return `(?!/)[${not ? "^" : ""}${classPattern(bracketed)}]`;
    return literal(escaped ?? plain);
  });
  return out.join("");
}

// classPattern converts the content of brackets to a regular expression.
function classPattern(text) {
  const out = Array.from(text.matchAll(/(?:\\(.)|([^\\]))(?:-(?:\\(.)|([^\\])))?/gu), ([, a, b, c, d]) => {
    const last = c ?? d;
    if (last !== undefined && (a ?? b) > last) throw new Error(`has a range [${a ?? b}-${last}] that ends before it begins`);
    return literal(a ?? b) + (last === undefined ? "" : `-${literal(last)}`);
  });
  return out.join("");
}

// exportNames lists the names of Excalidraw's exported images of a drawing, best first.
export function exportNames(drawing) {
  const endings = [".svg", ".png", ".light.svg", ".light.png", ".dark.svg", ".dark.png"];
  return [drawing, drawing.replace(/\.excalidraw$/i, "")].flatMap((base) => endings.map((ending) => base + ending));
}

// isDrawingText reports whether a note's frontmatter is that of an Excalidraw drawing.
export function isDrawingText(content) {
  const [first, ...lines] = linesOf(content).map((line) => line.trimEnd());
  if (first !== "---") return false;
  const end = lines.indexOf("---");
  return lines.slice(0, end < 0 ? undefined : end).some((line) => /^["']?excalidraw-plugin["']?[ \t]*:/.test(line));
}

// pushRules parses exclude and include in the text of the settings. It supports only simple YAML
// lists and throws for anything else, because a misread pattern would publish private files.
function pushRules(content) {
  const rules = { exclude: [], include: [] };
  const [first, ...rest] = linesOf(content).map((line) => line.trimEnd());
  const end = first === "---" ? rest.findIndex((line) => line === "---" || line === "...") : -1;
  if (end < 0) {
    if ([first, ...rest].some(mentionsRule)) throw new Error("exclude and include do not count here: put them between a first line --- and another line ---");
    return rules;
  }
  const lines = rest.slice(0, end);
  if (!/\b(exclude|include)\b|\\/i.test(lines.join("\n"))) return rules; // a quoted key can contain escapes
  checkSimple(lines);
  const found = new Set();
  lines.forEach((line, i) => {
    const field = /^["']?(exclude|include)["']?[ \t]*:(?:[ \t]+(.*))?$/i.exec(line);
    if (!field) return;
    const key = field[1].toLowerCase();
    if (found.has(key)) throw new Error(`${key} is given again on line ${i + 2}: write all patterns into one list`);
    found.add(key);
    rules[key] = patternList((field[2] ?? "").trim(), lines.slice(i + 1), i + 2);
  });
  if (found.size < lines.filter(mentionsRule).length) throw new Error("exclude and include have to begin a line of the frontmatter");
  if (found.has("include") && rules.include.length === 0) throw new Error("include is empty: list what to publish, or remove it to publish everything");
  return rules;
}

const mentionsRule = (line) => /^[ \t]*["']?(exclude|include)["']?[ \t]*:/i.test(line);

// checkSimple throws for a frontmatter that could hide a rule: one with unindented lines other than
// keys, comments and list entries.
function checkSimple(lines) {
  let open = false; // the key above has an open bracket, so that unindented text is not a key
  let keyed = false;
  lines.forEach((line, i) => {
    if (/^[ \t]*(#|$)/.test(line)) return;
    const key = /^(?:[\w\u0080-\u{10ffff}][^:#"'\\{}[\]&*!|>]*|"[^"\\]*"|'[^']*')[ \t]*:(?:[ \t]+(.*))?$/u.exec(line);
    if (key ? open : !keyed || !/^[ \t]|^-(?:[ \t]|$)/.test(line)) throw new Error(`line ${i + 2} cannot be read here: begin each line with a key such as exclude:, or with - "pattern" below it`);
    if (!key) return;
    keyed = true;
    open = /^[[{][^\]}]*$/.test(key[1] ?? "");
  });
}

// patternList parses a value, or the list on the lines after it.
function patternList(value, after, number) {
  if (value !== "" && !value.startsWith("#")) {
    const flow = /^\[(.*)\](?:[ \t]+#.*)?$/.exec(value);
    if (!flow) {
      const text = scalar(value, number);
      if (text?.includes(", ")) throw new Error(`line ${number} has more than one pattern: write a list, one pattern a line with - before it`);
      return text === null ? [] : [text];
    }
    const items = flow[1].match(/'(?:[^']|'')*'|"[^"]*"|[^,\s][^,]*/g) ?? [];
    if (flow[1].replace(/'(?:[^']|'')*'|"[^"]*"|[^,\s][^,]*/g, "").match(/[^,\s]/)) throw notSimple(number);
    return items.map((item) => entry(item.trim(), number, "[]{}"));
  }
  const list = [];
  for (const line of after) {
    number++;
    if (/^[ \t]*(#.*)?$/.test(line)) continue;
    const item = /^[ \t]*-[ \t]+(.*)$/.exec(line);
    if (!item && /^[^\s-]/.test(line)) break;
    if (!item) throw notSimple(number);
    list.push(entry(item[1].trim(), number));
  }
  return list;
}

// entry parses an entry of a list, which must be a text.
function entry(text, number, forbidden) {
  const value = scalar(text, number, forbidden);
  if (value === null) throw notSimple(number);
  return value;
}

// scalar parses a text; null is YAML's null.
function scalar(text, number, forbidden = "") {
  const quoted = /^(?:'((?:[^']|'')*)'|"([^"\\]*)")(?:[ \t]+#.*)?$/.exec(text);
  if (quoted) return quoted[1]?.replaceAll("''", "'") ?? quoted[2];
  const plain = text.replace(/[ \t]+#.*$/, "").trim();
  if (/^(null|~)$/i.test(plain)) return null;
  if (plain === "" || /^[-*&!|>%@`{[\]}'",?:#]|: |:$/.test(plain) || [...forbidden].some((c) => plain.includes(c))) throw notSimple(number);
  return plain;
}

const notSimple = (number) => new Error(`line ${number} cannot be read here: write one pattern a line, as - "pattern"`);
