import { ask, raw } from "./api.js";
import { busy, el, fill, find, later, load, number } from "./dom.js";
import { examples } from "./examples.js";

const query = find("query");
const variables = find("variables");
const shownAtMost = 200_000; // maximum length of a displayed response

fill(find("example"), examples.map((e, i) => el("option", { value: i }, e.title)));
find("example").addEventListener("change", () => take(examples[Number(find("example").value)]));
take(examples[0]);

function take(example) {
  query.value = example.query;
  variables.value = example.variables ? JSON.stringify(example.variables, null, 2) : "";
}

async function send() {
  let values = {};
  variables.removeAttribute("aria-invalid");
  if (variables.value.trim()) {
    try {
      values = JSON.parse(variables.value);
    } catch (fault) {
      variables.setAttribute("aria-invalid", "true");
      variables.focus();
      answer(`The variables are no JSON: ${fault.message}`, "not sent");
      return;
    }
  }
  const begun = performance.now();
  const { status, text } = await raw(query.value, values);
  answer(pretty(text), `status ${status}, ${Math.round(performance.now() - begun)} ms`);
}

function answer(text, status) {
  find("status").textContent = status;
  find("answer").textContent = text.length > shownAtMost ? `${text.slice(0, shownAtMost)}\n… and ${number(text.length - shownAtMost)} letters more` : text;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

find("request").addEventListener("submit", (event) => {
  event.preventDefault();
  busy(find("send"), send);
});
find("request").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  busy(find("send"), send);
});

// The reference uses the API's introspection.
const typeRef = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
const schemaQuery = `{ __schema {
  queryType { name } mutationType { name }
  types { kind name description
    fields { name description args { name description defaultValue type { ${typeRef} } } type { ${typeRef} } }
    inputFields { name description defaultValue type { ${typeRef} } }
    enumValues { name description } possibleTypes { name } } } }`;

let schema;

// written returns a type in the syntax of the schema.
function written(type) {
  if (type.kind === "NON_NULL") return `${written(type.ofType)}!`;
  if (type.kind === "LIST") return `[${written(type.ofType)}]`;
  return type.name;
}

function member(m) {
  const args = m.args?.length > 0 ? `(${m.args.map((a) => `${a.name}: ${written(a.type)}${a.defaultValue ? ` = ${a.defaultValue}` : ""}`).join(", ")})` : "";
  const signature = `${m.name}${args}${m.type ? `: ${written(m.type)}` : ""}${m.defaultValue ? ` = ${m.defaultValue}` : ""}`;
  return el("li", {}, el("code", {}, signature), m.description && el("span", { class: "second" }, m.description),
    m.args?.some((a) => a.description) && el("ul", {}, m.args.filter((a) => a.description).map((a) => el("li", {}, el("code", {}, a.name), ` ${a.description}`))));
}

function entry(kind, name, description, members) {
  return { kind, text: [name, description, ...members.flatMap((m) => [m.name, m.description])].join(" ").toLowerCase(),
    make: () => el("details", {}, el("summary", {}, el("code", {}, name), el("span", { class: "muted" }, ` ${kind}`)),
      description && el("p", {}, description), members.length > 0 && el("ul", {}, members.map(member))) };
}

function entries() {
  const roots = { [schema.queryType.name]: "query", [schema.mutationType.name]: "mutation" };
  const list = [];
  for (const root of Object.keys(roots)) {
    for (const f of schema.types.find((type) => type.name === root).fields) list.push(entry(roots[root], f.name, "", [f]));
  }
  const kinds = { OBJECT: "type", INPUT_OBJECT: "input", ENUM: "enum", UNION: "union", SCALAR: "scalar" };
  for (const type of schema.types) {
    if (roots[type.name] || type.name.startsWith("__")) continue;
    list.push(entry(kinds[type.kind] ?? "type", type.name, type.description, type.fields ?? type.inputFields ?? type.enumValues ?? type.possibleTypes ?? []));
  }
  return list;
}

function show(list) {
  const wanted = find("find-type").value.trim().toLowerCase();
  const found = list.filter((e) => e.text.includes(wanted));
  const group = (title, of) => of.length > 0 && el("details", { open: wanted !== "" && of.length < 20 }, el("summary", {}, `${title} (${number(of.length)})`), el("div", {}, of.map((e) => e.make())));
  fill(find("reference"),
    group("Queries", found.filter((e) => e.kind === "query")), group("Mutations", found.filter((e) => e.kind === "mutation")),
    group("Types", found.filter((e) => e.kind !== "query" && e.kind !== "mutation")),
    found.length === 0 && el("p", { class: "empty" }, "Nothing is called like that."));
}

load(find("reference"), async () => {
  schema = (await ask(schemaQuery)).__schema;
  const list = entries();
  show(list);
  find("find-type").addEventListener("input", later(150, () => show(list)));
});
