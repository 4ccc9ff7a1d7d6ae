// What every page has: on a narrow screen the menu is a strip, in which the page's own entry is to be seen.

const current = document.querySelector("nav.system [aria-current]");
const strip = current?.closest("ul");

if (strip) strip.scrollLeft = current.offsetLeft - (strip.clientWidth - current.offsetWidth) / 2;
