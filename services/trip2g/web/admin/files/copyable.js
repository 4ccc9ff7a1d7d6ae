import { el } from "./dom.js";

// copyable shows a text with a button that copies it. Where the browser does not allow pages to
// copy, because the page was loaded without TLS, the button selects the text.
export function copyable(text, label) {
  const field = el("input", { value: text, readOnly: true, "aria-label": label.replace(/^Copy /, ""), spellcheck: false, onfocus: () => field.select() });
  const control = el("button", {
    type: "button",
    onclick: async () => {
      field.focus();
      try {
        await navigator.clipboard.writeText(text);
        control.textContent = "Copied";
      } catch {
        control.textContent = "Selected: copy it with Ctrl+C";
      }
    },
  }, label);
  return el("p", { class: "row" }, el("span", { class: "grow" }, field), control);
}
