import { Failure } from "./api.js";
import { bytes, el, fill, find, number, refreshHeader, toast, words } from "./dom.js";
import { compare, push, siteAccess } from "./push.js";
import { isNote } from "./rules.js";
import { entriesOfDrop, filesOfDrop, filesOfInput, Vault } from "./vault.js";

const drop = find("drop");
const input = find("folder");
const progress = find("progress");
const place = find("plan");
const shownPaths = 200; // maximum length of a list

let working; // the current operation, which can be stopped
let part; // the stage of a push whose progress bar is shown

addEventListener("beforeunload", (event) => { if (working) event.preventDefault(); });
find("choose").addEventListener("click", () => input.click());
input.addEventListener("change", () => {
  if (input.files.length > 0) begin(async () => filesOfInput(input.files));
});
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  const entries = entriesOfDrop(event);
  if (entries.length > 0) begin(() => filesOfDrop(entries));
});
// A drop outside of the field must not leave the page.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

// step runs a part of the work that can be stopped. It shows a failure with its consequence.
async function step(action, meaning) {
  working = new AbortController();
  drop.hidden = true;
  try {
    return await action(working.signal);
  } catch (failure) {
    drop.hidden = false;
    fill(place);
    if (failure.name === "AbortError") {
      fill(progress, el("p", { class: "notice", role: "status" }, "Stopped. Nothing of it is visible to readers."));
    } else {
      if (!(failure instanceof Failure)) console.error(failure);
      fill(progress, el("div", { class: "notice bad", role: "alert" }, el("p", {}, words(failure)), el("p", {}, meaning(failure))));
    }
    return undefined;
  } finally {
    working = undefined;
    input.value = "";
  }
}

function title(text) {
  find("work").hidden = false;
  fill(find("work-title"), text);
}

// bar shows progress. Screen readers announce its name once, not each number.
function bar(name) {
  const measure = el("progress", { "aria-label": name });
  const text = el("span", {});
  fill(progress, el("p", { role: "status" }, name), measure, el("p", { class: "muted" }, text),
    el("p", {}, el("button", { type: "button", onclick: () => working?.abort() }, "Cancel")));
  return (done, total, said) => {
    measure.max = total || 1;
    measure.value = total ? done : 1;
    text.textContent = said;
  };
}

async function begin(read) {
  if (working) return;
  fill(place);
  title("Looking at the folder");
  await step(async (signal) => {
    const show = bar("Comparing with what is published");
    const { name, folder, files } = await read();
    const vault = await Vault.open(files);
    if (vault.notes.size === 0) throw new Failure(`There are no notes to publish in ${name}: none of its ${number(files.length, "file")} ends in .md or .html and is not left out by a rule.`);
    const plan = await compare(vault, { signal, tell: (done, total) => show(done, total, `${number(done)} of ${number(total, "note")}`) });
    review(name, folder, vault, plan);
  }, () => "Nothing was sent.");
}

function review(name, folder, vault, plan) {
  title(name);
  fill(progress);
  const hide = el("input", { type: "checkbox", id: "hide" });
  const go = el("button", { type: "button", class: "primary", onclick: () => publish(folder, vault, plan, hide.checked) }, "Publish");
  const nothing = plan.added.length + plan.changed.length + plan.uploads.length + plan.again.length === 0;
  fill(place,
    el("ul", { class: "tiles" },
      tile(plan.added.length, "new"), tile(plan.changed.length, "changed"), tile(plan.same.length, "unchanged"), tile(plan.gone.length, "not in the folder")),
    list("New notes", plan.added), list("Changed notes", plan.changed), list("Published, and not in this folder", plan.gone.filter((path) => !plan.excluded.includes(path))),
    list("Published, and left out by a rule", plan.excluded),
    list("Left out by rules", [...vault.excluded].filter(([path]) => isNote(path)).map(([path, rule]) => `${path} (${rule})`).sort()),
    list("Left out", vault.warnings.map((w) => `${w.path}: ${w.text}`)),
    list("Rules to check", vault.ruleWarnings.map((w) => `${w.path}: ${w.text}`)),
    plan.gone.length > 0 && el("label", { class: "check" }, hide, el("span", {}, `Take away ${number(plan.gone.length, "note")} that ${plan.gone.length === 1 ? "is" : "are"} not in this folder`,
      el("span", { class: "hint" }, "Readers see them no more. Their history is kept, and they can be shown again."))),
    nothing && el("p", { class: "notice" }, "The site has all of this folder already."),
    el("p", { class: "buttons" }, go, el("button", { type: "button", onclick: again }, "Choose another folder")));
  find("work-title").focus();
}

const tile = (n, text) => el("li", {}, el("div", {}, el("strong", {}, number(n)), el("span", {}, text)));

function list(text, paths) {
  if (paths.length === 0) return null;
  return el("details", {}, el("summary", {}, `${text} (${number(paths.length)})`),
    el("ul", {}, paths.slice(0, shownPaths).map((path) => el("li", {}, path))),
    paths.length > shownPaths && el("p", { class: "muted" }, `and ${number(paths.length - shownPaths)} more`));
}

function again() {
  find("work").hidden = true;
  drop.hidden = false;
  find("choose").focus();
}

async function publish(folder, vault, plan, hide) {
  fill(place);
  title("Publishing");
  part = "";
  let show;
  const result = await step((signal) => push(vault, plan, {
    folder, hide, signal, choose: chooseAccess,
    tell(what, done, total) {
      if (what !== part) show = bar({ notes: "Sending notes", files: "Sending files", commit: "Making it visible" }[part = what]);
      show(done, total, { notes: `${number(done)} of ${number(total, "note")}`, files: `${bytes(done)} of ${bytes(total)}`, commit: "" }[what]);
    },
  }), (failure) => (failure.visible === false ? "Nothing of it is visible to readers." : "Whether it is visible to readers is not known. Publish again to be sure."));
  if (!result) return;
  finished(result, await siteAccess().catch(() => undefined));
  await refreshHeader();
}

// chooseAccess asks for the default access of notes that set none.
function chooseAccess(unspecified, signal) {
  part = "";
  title("Who may read your notes?");
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    const answer = (text, access, kind) => el("button", { type: "button", class: kind, onclick: () => { title("Publishing"); resolve(access); } }, text);
    fill(progress, el("div", { id: "access" },
      el("p", {}, `${number(unspecified, "note")} ${unspecified === 1 ? "does" : "do"} not say who may read ${unspecified === 1 ? "it" : "them"}.`),
      el("p", { class: "hint" }, "Your answer holds for the whole site, and can be changed in its settings. A note can say it itself: ",
        el("code", {}, "free: true"), " makes it public, ", el("code", {}, "free: false"), " keeps it for members."),
      el("p", { class: "buttons" }, answer("Members only", "MEMBERS", "primary"), answer("Everyone", "EVERYONE"),
        el("button", { type: "button", onclick: () => working?.abort() }, "Cancel"))));
    find("work-title").focus();
  });
}

function finished(result, access) {
  drop.hidden = false;
  title("Published");
  fill(progress);
  fill(place,
    el("p", { class: "notice", role: "status" }, `${number(result.sent, "note")} sent, ${number(result.files, "file")} sent, ${number(result.hidden, "note")} taken away. Readers see it now, on every node.`),
    access && el("p", {}, `Who may read the site: ${number(access.public)} public, ${number(access.members)} for members, ${number(access.groups)} for groups, ${number(access.notShown)} not shown.`),
    faults("Not taken by the server", result.faults), faults("Files that notes refer to and that are not in the folder", result.missing),
    el("p", { class: "buttons" }, el("a", { class: "button primary", href: "/" }, "Open the site"), el("a", { class: "button", href: "/_system/notes" }, "All notes"), el("a", { class: "button", href: "/_system/warnings" }, "Warnings")));
  toast("Published.");
  find("work-title").focus();
}

function faults(text, list) {
  if (list.length === 0) return null;
  return el("section", { class: "notice bad" }, el("h3", {}, `${text} (${number(list.length)})`),
    el("ul", {}, list.slice(0, shownPaths).map((f) => el("li", {}, el("strong", {}, f.path), `: ${f.text}`))));
}
