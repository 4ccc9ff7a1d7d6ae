// What every page has: a menu that folds on narrow screens.

import { el } from "./dom.js";

const menu = document.querySelector("nav.system");

if (menu) {
  const current = menu.querySelector("[aria-current]")?.textContent ?? "";
  menu.id = "pages";
  const control = el("button", { type: "button", class: "menu-button", "aria-expanded": "false", "aria-controls": "pages" }, `Menu: ${current}`);
  const open = (yes) => {
    control.setAttribute("aria-expanded", String(yes));
    menu.classList.toggle("open", yes);
  };
  control.addEventListener("click", () => open(control.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || control.getAttribute("aria-expanded") !== "true") return;
    open(false);
    control.focus();
  });
  menu.before(control);
  menu.classList.add("folds");
}
