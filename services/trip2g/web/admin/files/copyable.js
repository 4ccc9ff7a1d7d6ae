import { el } from "./dom.js";

// copyable shows a text that is to be taken elsewhere, with a button that copies it. Where a browser lets
// no page copy, because it is read without TLS, the button selects the text.
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
