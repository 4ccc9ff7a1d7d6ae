// Reading aids: the current heading in the table of contents, links to headings, copy buttons of
// code blocks, captions.

const article = document.querySelector("article.note");
if (article) {
  followContents(article);
  linkHeadings(article);
  frameCode(article);
  captionPictures(article);
}
closeDrawers();
comeBack();

// followContents marks the heading of the text being read: the last one above the position of a
// followed heading. At the end of a page, where the last headings cannot reach that position, it
// marks the followed one, otherwise the last.
function followContents(article) {
  const toc = document.getElementById("_toc");
  if (!toc) return;
  const links = new Map();
  for (const link of toc.querySelectorAll("a")) {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (heading) links.set(heading, link);
  }
  const headings = [...links.keys()];
  const line = (parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0) + 4;
  const mark = () => {
    const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const above = headings.filter((heading) => heading.getBoundingClientRect().top < line);
    const visible = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight);
    const followed = visible.find((heading) => heading.matches(":target") && !above.includes(heading));
    const current = (atEnd && followed) || (atEnd && scrollY > 0 ? visible : above).at(-1);
    for (const [heading, link] of links) {
      if (heading !== current) link.removeAttribute("aria-current");
      else if (!link.hasAttribute("aria-current")) {
        link.setAttribute("aria-current", "true");
        keepInSight(link);
      }
    }
  };
  const observer = new IntersectionObserver(mark, { rootMargin: `-${line}px 0px 0px 0px`, threshold: [0, 1] });
  for (const heading of headings) observer.observe(heading);
  addEventListener("scrollend", mark);
  addEventListener("hashchange", mark);
  mark();
}

function keepInSight(link) {
  const box = link.closest(".beside, .toc");
  const around = box.getBoundingClientRect(), line = link.getBoundingClientRect();
  if (line.top < around.top || line.bottom > around.bottom) box.scrollTop += line.top - around.top - around.height / 2;
}

// linkHeadings is for the mouse; keyboards can use the same links in the table of contents.
function linkHeadings(article) {
  for (const heading of article.querySelectorAll(":is(h2, h3, h4, h5, h6)[id]")) {
    if (heading.closest(".embed, .callout")) continue;
    const link = document.createElement("a");
    link.className = "anchor";
    link.href = "#" + encodeURIComponent(heading.id);
    link.textContent = "#";
    link.tabIndex = -1;
    link.setAttribute("aria-hidden", "true");
    heading.append(link);
  }
}

// frameCode adds the language's name and a copy button to code blocks.
function frameCode(article) {
  for (const pre of article.querySelectorAll("pre:has(> code)")) {
    const frame = document.createElement("div");
    frame.className = "code";
    pre.replaceWith(frame);
    frame.append(pre);
    const language = [...pre.firstElementChild.classList].find((name) => name.startsWith("language-"));
    if (language) {
      const label = document.createElement("span");
      label.className = "language";
      label.textContent = language.slice("language-".length);
      frame.append(label);
    }
    if (navigator.clipboard) frame.append(copyButton(pre));
  }
}

// captionPictures shows the title of an image, otherwise visible only to a mouse, below it.
function captionPictures(article) {
  for (const picture of article.querySelectorAll("p > img[title]:only-child")) {
    const paragraph = picture.parentElement;
    if (paragraph.textContent.trim()) continue;
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = picture.title;
    picture.removeAttribute("title");
    figure.append(picture, caption);
    if (paragraph.id) figure.id = paragraph.id;
    paragraph.replaceWith(figure);
  }
}

function copyButton(pre) {
  const button = document.createElement("button");
  button.type = "button";
  button.lang = "en";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent.replace(/\n$/, ""));
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    button.classList.add("done");
    setTimeout(() => {
      button.textContent = "Copy";
      button.classList.remove("done");
    }, 2000);
  });
  return button;
}

// closeDrawers closes a drawer of a small screen when one of its links is followed within the page.
function closeDrawers() {
  for (const drawer of document.querySelectorAll(".drawer")) {
    drawer.addEventListener("click", (event) => {
      if (event.target.closest("a[href*='#']") && drawer.matches(":popover-open")) drawer.hidePopover();
    });
  }
}

// comeBack adds the current page to sign-in links. A page that is served at any URL does not know
// it.
function comeBack() {
  for (const link of document.querySelectorAll("a.sign-in")) {
    const url = new URL(link.href);
    if (!url.searchParams.has("next")) url.searchParams.set("next", decodeURI(location.pathname));
    link.href = url;
  }
}
