import { ask } from "./api.js";
import { el, fill, find, load } from "./dom.js";

load(find("overview"), async () => {
  const { viewer } = await ask("{ viewer { user { email } } }");
  fill(find("overview"), el("p", { class: "lead" }, `Signed in as ${viewer.user?.email}.`));
});
