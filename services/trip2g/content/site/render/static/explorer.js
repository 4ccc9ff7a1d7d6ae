// The explorer. Folders open in place, load their content when opened, and stay open on other
// pages. Without this script a folder is a link to its page, which shows it open.

const tree = document.querySelector("#_explorer .tree");
if (tree) start(tree);

function start(tree) {
  const drawer = tree.closest("#_explorer");
  const memory = recall();
  for (const folder of tree.querySelectorAll(".folder")) prepare(folder, memory);
  restore(tree, memory).then(() => settleScroll(drawer));
  tree.addEventListener("keydown", move);
  addEventListener("pagehide", () => {
    try {
      sessionStorage.setItem("explorer-scroll", drawer.scrollTop);
    } catch { /* without storage, the next page starts at its top */ }
  });
}

// The memory contains opened folders, and closed ones that contain the current page.
function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem("explorer")) ?? {};
    return { open: new Set(kept.open), closed: new Set(kept.closed) };
  } catch {
    return { open: new Set(), closed: new Set() };
  }
}

const most = 60; // maximum number of remembered folders, the last opened ones

function remember(memory) {
  try {
    localStorage.setItem("explorer", JSON.stringify({ open: [...memory.open].slice(-most), closed: [...memory.closed].slice(-most) }));
  } catch { /* without storage, it lasts as long as the page */ }
}

// prepare adds the button that opens a folder.
function prepare(folder, memory) {
  const link = folder.querySelector(":scope > a");
  const button = document.createElement("button");
  button.type = "button";
  button.innerHTML = '<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="m9 5 7 7-7 7"/></svg>';
  button.setAttribute("aria-label", link.textContent);
  button.setAttribute("aria-expanded", String(folder.classList.contains("open")));
  button.addEventListener("click", () => toggle(folder, !folder.classList.contains("open"), memory));
  folder.prepend(button);
}

async function toggle(folder, open, memory) {
  const key = folder.dataset.tree;
  memory.open.delete(key);
  memory.closed.delete(key);
  memory[open ? "open" : "closed"].add(key);
  remember(memory);
  await setOpen(folder, open, memory);
}

async function setOpen(folder, open, memory) {
  if (open && !folder.querySelector(":scope > ul") && !(await load(folder, memory))) return;
  folder.classList.toggle("open", open);
  folder.querySelector(":scope > button").setAttribute("aria-expanded", String(open));
}

// load inserts the content of a folder. If that fails, the link to the folder's page remains.
async function load(folder, memory) {
  try {
    const answer = await fetch(folder.dataset.tree, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const list = document.createElement("ul");
    for (const child of await answer.json()) list.append(branch(child, memory));
    folder.append(list);
    return true;
  } catch {
    return false;
  }
}

function branch(child, memory) {
  const line = document.createElement("li");
  const link = document.createElement("a");
  link.href = child.url;
  const title = document.createElement("bdi"); // as rendered by the server
  title.textContent = child.title;
  link.append(title);
  line.append(link);
  if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
  if (child.tree) {
    line.className = "folder";
    line.dataset.tree = child.tree;
    prepare(line, memory);
  }
  return line;
}

// restore opens remembered folders from the top down, and closes those that the reader closed,
// except above the current page.
async function restore(tree, memory) {
  for (const folder of tree.querySelectorAll(".folder.open")) {
    if (memory.closed.has(folder.dataset.tree) && !folder.querySelector("ul [aria-current]")) setOpen(folder, false, memory);
  }
  const wanted = () => [...tree.querySelectorAll(".folder:not(.open, .failed)")].filter((folder) => memory.open.has(folder.dataset.tree));
  for (let next = wanted(); next.length; next = wanted()) {
    await Promise.all(next.map(async (folder) => {
      await setOpen(folder, true, memory);
      folder.classList.toggle("failed", !folder.classList.contains("open"));
    }));
  }
}

function settleScroll(drawer) {
  try {
    drawer.scrollTop = Number(sessionStorage.getItem("explorer-scroll") ?? 0);
  } catch { /* without storage, it stays at its top */ }
  const current = drawer.querySelector('[aria-current="page"]');
  if (!current) return;
  const box = current.getBoundingClientRect(), around = drawer.getBoundingClientRect();
  if (box.top < around.top || box.bottom > around.bottom) drawer.scrollTop += box.top - around.top - around.height / 3;
}

// move lets the arrow keys move through the visible lines, and open and close folders.
function move(event) {
  const line = event.target.closest("li");
  if (!line || event.ctrlKey || event.altKey || event.metaKey) return;
  const links = [...tree.querySelectorAll("a")].filter((link) => link.checkVisibility());
  const at = links.indexOf(line.querySelector(":scope > a"));
  const rtl = getComputedStyle(line).direction === "rtl";
  const button = line.querySelector(":scope > button");
  const open = line.classList.contains("open");
  switch (event.key) {
    case "ArrowDown": links[at + 1]?.focus(); break;
    case "ArrowUp": links[at - 1]?.focus(); break;
    case "Home": links[0].focus(); break;
    case "End": links.at(-1).focus(); break;
    case rtl ? "ArrowLeft" : "ArrowRight":
      if (button && !open) button.click();
      else if (open) links[at + 1]?.focus();
      break;
    case rtl ? "ArrowRight" : "ArrowLeft":
      if (button && open) button.click();
      else line.parentElement.closest("li")?.querySelector(":scope > a").focus();
      break;
    default: return;
  }
  event.preventDefault();
}
