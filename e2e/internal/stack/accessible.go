package stack

// checks is JavaScript that returns a description of each violation of those WCAG 2.2 rules that
// can be tested automatically on any page.
const checks = `(() => {
	const seen = (e) => e.checkVisibility();
	const name = (e) => (e.getAttribute("aria-label") || e.title || e.textContent || [...e.querySelectorAll("img[alt]")].map((i) => i.alt).join("")).trim()
		|| (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("").trim();
	const tell = (e) => e.outerHTML.slice(0, 120);
	const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
	const wrong = [];
	if (!document.documentElement.lang) wrong.push("the page has no language");
	if (!document.title.trim()) wrong.push("the page has no title");
	if (all("main").length !== 1) wrong.push("there are " + all("main").length + " main landmarks");
	if (all("h1").length === 0) wrong.push("there is no first heading");
	for (const e of document.querySelectorAll("img:not([alt])")) wrong.push("a picture without a text: " + tell(e));
	for (const e of all("a[href], button, summary, [role=button]")) if (!name(e)) wrong.push("nothing says what this does: " + tell(e));
	for (const e of all("input:not([type=hidden], [type=submit]), select, textarea"))
		if (!e.labels?.length && !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby")) wrong.push("a field without a label: " + tell(e));
	for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) wrong.push("an order of its own: " + tell(e));
	for (const a of ["aria-labelledby", "aria-describedby", "aria-controls", "for"])
		for (const e of all("[" + a + "]"))
			for (const id of e.getAttribute(a).split(/\s+/))
				if (a !== "aria-controls" && id && !document.getElementById(id)) wrong.push(a + " names nothing: " + tell(e));
	const ids = new Set();
	for (const { id } of document.querySelectorAll("[id]")) ids.has(id) ? wrong.push("two elements are called " + id) : ids.add(id);
	for (const e of all("nav")) if (all("nav").length > 1 && !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby")) wrong.push("one of several menus without a name: " + tell(e));
	return wrong;
})()`

// Accessible fails the test for each accessibility problem of the page.
func (w *Window) Accessible() {
	w.t.Helper()
	for _, wrong := range Evaluate[[]string](w, checks) {
		w.t.Errorf("%s at %s: %s", Evaluate[string](w, "location.pathname"), w.node.Service, wrong)
	}
}
