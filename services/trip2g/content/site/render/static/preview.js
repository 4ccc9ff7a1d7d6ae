// Shows a preview of a link's target when the pointer rests on the link or the keyboard focuses it.
// The preview stays while the pointer is on it, and Escape closes it (WCAG 1.4.13).

const article = document.querySelector("article.note");
const wait = 350; // ms before the preview is shown
const grace = 250; // ms to move the pointer from the link to the preview
const kept = new Map(); // by URL: promises of content, null without any
let shown = null; // the link whose preview is shown
let timer = 0;
let box = null;

if (article) {
  article.addEventListener("pointerover", (event) => {
    const link = linkOf(event.target);
    if (link && event.pointerType === "mouse") plan(link);
  });
  article.addEventListener("pointerout", (event) => {
    if (linkOf(event.target) && !linkOf(event.target).contains(event.relatedTarget)) leave();
  });
  article.addEventListener("focusin", (event) => {
    const link = linkOf(event.target);
    if (link?.matches(":focus-visible")) plan(link);
  });
  article.addEventListener("focusout", leave);
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
}

function linkOf(target) {
  const link = target.closest?.("a[href]");
  if (!link || link.origin !== location.origin || link.matches(".footnote-backref, .anchor")) return null;
  if (link.matches(".footnote-ref")) return link;
  const elsewhere = link.pathname !== location.pathname && !link.pathname.startsWith("/_system/");
  return elsewhere ? link : null;
}

function plan(link) {
  clearTimeout(timer);
  if (link !== shown) timer = setTimeout(() => show(link), wait);
}

function leave() {
  clearTimeout(timer);
  timer = setTimeout(hide, grace);
}

function hide() {
  clearTimeout(timer);
  shown = null;
  box?.remove();
}

async function show(link) {
  const key = link.matches(".footnote-ref") ? link.hash : link.pathname;
  if (!kept.has(key)) kept.set(key, contentOf(link).catch(() => { kept.delete(key); return null; }));
  const wanted = timer;
  const content = await kept.get(key);
  if (!content || timer !== wanted) return; // another link has been chosen meanwhile
  hide();
  shown = link;
  box ??= makeBox();
  box.replaceChildren(content.cloneNode(true));
  document.body.append(box);
  place(link);
  box.scrollTop = 0;
}

async function contentOf(link) {
  const template = document.createElement("template");
  if (link.matches(".footnote-ref")) {
    const note = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    template.innerHTML = note?.innerHTML ?? "";
    for (const back of template.content.querySelectorAll(".footnote-backref")) back.remove();
  } else {
    const answer = await fetch("/_system/preview" + link.pathname);
    if (!answer.ok) return null;
    template.innerHTML = await answer.text();
  }
  for (const named of template.content.querySelectorAll("[id]")) named.removeAttribute("id");
  return template.content.textContent.trim() || template.content.querySelector("img") ? template.content : null;
}

function makeBox() {
  const box = document.createElement("div");
  box.className = "preview";
  box.id = "_preview";
  box.dir = "auto";
  box.setAttribute("role", "note");
  box.setAttribute("aria-label", "Preview");
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", leave);
  box.addEventListener("focusin", () => clearTimeout(timer));
  box.addEventListener("focusout", leave);
  return box;
}

// place positions the box below its link, or above where there is more room, within the window.
function place(link) {
  const gap = 6, edge = 16;
  const line = link.getClientRects()[0];
  const { width, height } = box.getBoundingClientRect();
  const below = innerHeight - line.bottom - edge >= height || line.top < innerHeight - line.bottom;
  const left = Math.max(edge, Math.min(line.left, document.documentElement.clientWidth - width - edge));
  const top = below ? line.bottom + gap : Math.max(line.top - height - gap, -scrollY);
  box.style.left = left + scrollX + "px";
  box.style.top = top + scrollY + "px";
}
