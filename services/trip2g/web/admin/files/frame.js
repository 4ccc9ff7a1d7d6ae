// Runs on every page. On a narrow screen the menu is a strip; it is scrolled to the page's own
// entry.

const current = document.querySelector("nav.system [aria-current]");
const strip = current?.closest("ul");

if (strip) strip.scrollLeft = current.offsetLeft - (strip.clientWidth - current.offsetWidth) / 2;
