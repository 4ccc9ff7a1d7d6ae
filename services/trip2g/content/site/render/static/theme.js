// Sets the theme that the reader chose before anything is drawn. Therefore it is not a module,
// which would wait for the whole page. A choice equal to the system's is not stored, so that the
// page keeps following it.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const key = "theme";
  let chosen = null;
  try {
    chosen = localStorage.getItem(key);
  } catch { /* without storage, the theme follows the system */ }

  const keep = () => {
    try {
      if (chosen) localStorage.setItem(key, chosen);
      else localStorage.removeItem(key);
    } catch { /* without storage, the choice lasts as long as the page */ }
  };

  const show = () => {
    if (chosen !== "dark" && chosen !== "light") chosen = null;
    if (chosen) root.dataset.theme = chosen;
    else delete root.dataset.theme;
    root.dataset.shown = chosen ?? (system.matches ? "dark" : "light");
    document.getElementById("_theme")?.setAttribute("aria-pressed", String(root.dataset.shown === "dark"));
  };
  show();

  system.addEventListener("change", show);
  addEventListener("storage", (event) => {
    if (event.key === key) {
      chosen = event.newValue;
      show();
    }
  });
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("_theme");
    if (!button) return;
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      const next = root.dataset.shown === "dark" ? "light" : "dark";
      chosen = (next === "dark") === system.matches ? null : next;
      keep();
      show();
    });
  });
})();
