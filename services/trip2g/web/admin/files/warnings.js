import { ask } from "./api.js";
import { el, fill, find, load, noteLink, number, table } from "./dom.js";

const place = find("warnings");

load(place, async () => {
  const { warnings } = await ask("{ warnings { path line text } }");
  fill(place,
    warnings.length > 0 && el("p", { role: "status" }, `${number(warnings.length, "warning")} about ${number(new Set(warnings.map((w) => w.path)).size, "note")}.`),
    table("Warnings by note", [
      { title: "Note", class: "path", cell: (w) => noteLink(w.path) },
      { title: "Line", class: "end", cell: (w) => (w.line > 0 ? number(w.line) : "") },
      { title: "What is wrong", cell: (w) => w.text },
    ], warnings, "Nothing is wrong with any note."));
});
