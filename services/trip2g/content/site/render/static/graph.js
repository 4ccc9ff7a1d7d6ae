// The graph of the notes around this one and their links. Its layout is deterministic and computed
// once. Each note is a link.

const section = document.getElementById("_graph");
const small = { width: 260, height: 210 };
const large = { width: 1000, height: 620 };

if (section) {
  const later = window.requestIdleCallback ?? setTimeout;
  later(() => start(section).catch(() => {})); // if its data fails to load, only the graph is missing
}

async function start(section) {
  const answer = await fetch(section.dataset.graph, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const graph = await answer.json();
  if (graph.nodes.length < 2) return;
  section.append(draw(graph, small));
  section.hidden = false;
  keepInside(section.querySelector(".net"), small);
  let dialog = null;
  section.querySelector("button").addEventListener("click", () => {
    dialog ??= enlarge(graph);
    dialog.showModal();
    keepInside(dialog.querySelector(".net"), large);
  });
}

function enlarge(graph) {
  const dialog = document.createElement("dialog");
  dialog.className = "wide-graph";
  dialog.lang = "en";
  dialog.setAttribute("aria-labelledby", "_graph-large");
  dialog.innerHTML = `<header><h2 id="_graph-large">Connections</h2>
    <button type="button" class="icon" aria-label="Close"><svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="m6 6 12 12M18 6 6 18"/></svg></button></header>`;
  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.append(draw(graph, large));
  document.body.append(dialog);
  return dialog;
}

// layout computes positions with linked notes close and others apart, by springs and repulsion,
// from positions on a spiral, in a fixed number of steps.
function layout({ nodes, edges }, { width, height }, margin) {
  const golden = Math.PI * (3 - Math.sqrt(5));
  const points = nodes.map((node, i) => ({ x: Math.sqrt(i) * Math.cos(i * golden), y: Math.sqrt(i) * Math.sin(i * golden) }));
  const steps = Math.min(300, Math.ceil(600000 / (nodes.length * nodes.length))); // bounded work for any graph
  for (let step = 0; step < steps; step++) {
    const heat = 0.35 * (1 - step / steps);
    const push = points.map(() => ({ x: 0, y: 0 }));
    for (let i = 0; i < points.length; i++) {
      for (let j = i + 1; j < points.length; j++) pull(points, push, i, j, (d) => -1 / (d * d));
    }
    for (const [i, j] of edges) pull(points, push, i, j, (d) => d * 0.5);
    points.forEach((point, i) => {
      push[i].x -= point.x * 0.08;
      push[i].y -= point.y * 0.08;
      const length = Math.hypot(push[i].x, push[i].y) || 1;
      const move = Math.min(length, heat * 3);
      point.x += (push[i].x / length) * move;
      point.y += (push[i].y / length) * move;
    });
  }
  return fit(points, width, height, margin);
}

// pull adds the force between two points, along the line from one to the other.
function pull(points, push, i, j, force) {
  const x = points[j].x - points[i].x, y = points[j].y - points[i].y;
  const distance = Math.max(Math.hypot(x, y), 0.05);
  const f = force(distance) / distance;
  push[i].x += x * f;
  push[i].y += y * f;
  push[j].x -= x * f;
  push[j].y -= y * f;
}

// fit scales the points to the drawing, with room for names.
function fit(points, width, height, margin) {
  const above = 16, below = 30;
  const xs = points.map((p) => p.x), ys = points.map((p) => p.y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scaleX = (width - 2 * margin) / Math.max(right - left, 0.5);
  const scaleY = (height - above - below) / Math.max(bottom - top, 0.5);
  return points.map((p) => ({
    x: width / 2 + (p.x - (left + right) / 2) * scaleX,
    y: (height + above - below) / 2 + (p.y - (top + bottom) / 2) * scaleY,
  }));
}

function draw(graph, size) {
  const crowded = size === small && graph.nodes.length > 9; // then only the note itself has a name
  const points = layout(graph, size, crowded ? 22 : 60);
  const svg = element("svg", { class: "net", viewBox: `0 0 ${size.width} ${size.height}`, role: "group", "aria-label": "Notes linked with this one" });
  const lines = graph.edges.map(([i, j]) => element("line", { x1: points[i].x, y1: points[i].y, x2: points[j].x, y2: points[j].y }));
  svg.append(...lines);
  const links = graph.nodes.map((node, i) => {
    const degree = graph.edges.filter((edge) => edge.includes(i)).length;
    const kind = node.depth === 0 ? "here" : node.depth > 1 || crowded ? "far" : "";
    const link = element("a", { href: node.url, class: kind, transform: `translate(${points[i].x.toFixed(1)} ${points[i].y.toFixed(1)})` });
    const radius = (crowded ? 2 : 3.5) + Math.min(Math.sqrt(degree), 4) / (crowded ? 2 : 1) + (node.depth === 0 ? 1.5 : 0);
    const text = element("text", { y: radius + 11 });
    text.textContent = short(node.title, size === small ? 18 : 36);
    const name = element("title", {});
    name.textContent = node.title;
    // The transparent circle enlarges the area for touch.
    link.append(name, element("circle", { r: 13, class: "reach" }), element("circle", { r: radius }), text);
    if (node.depth === 0) link.setAttribute("aria-current", "page");
    for (const [on, near] of [["pointerenter", true], ["focus", true], ["pointerleave", false], ["blur", false]]) {
      link.addEventListener(on, () => graph.edges.forEach((edge, e) => { if (edge.includes(i)) lines[e].classList.toggle("near", near); }));
    }
    return link;
  });
  svg.append(...links.reverse()); // the nearest last, above the others
  return svg;
}

// keepInside moves names that exceed the drawing's sides back into it. Their lengths are only known
// once they are shown.
function keepInside(svg, { width }) {
  for (const text of svg.querySelectorAll("text")) {
    const half = text.getComputedTextLength() / 2 + 4, x = text.parentElement.transform.baseVal[0].matrix.e;
    text.setAttribute("x", Math.max(half, Math.min(x, width - half)) - x);
  }
}

function short(title, most) {
  const letters = [...title];
  return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : title;
}

function element(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
