import { ask, change } from "./api.js";
import { button, el, fill, find, load, table, toast, when } from "./dom.js";

const place = find("jobs");
const query = "{ jobs { name about everySeconds running lastStartedAt lastFinishedAt lastError } }";
const lookAgain = 1000; // milliseconds
const looks = 60; // maximum number of checks of a started job

const columns = [
  { title: "Job", cell: (j) => [el("strong", {}, j.name), el("span", { class: "second" }, j.about)] },
  { title: "Schedule", class: "tight", cell: (j) => every(j.everySeconds) },
  { title: "Last done", class: "tight", cell: (j) => [when(j.lastStartedAt), took(j)] },
  { title: "Result", cell: result },
  { title: "", class: "end", cell: (j) => button("Run now", () => run(j), { class: "small", disabled: j.running, "aria-label": `Run ${j.name} now` }) },
];

function every(seconds) {
  if (!seconds) return "when asked for";
  const [size, unit] = [[86_400, "day"], [3_600, "hour"], [60, "minute"], [1, "second"]].find(([s]) => seconds % s === 0);
  return seconds === size ? `every ${unit}` : `every ${seconds / size} ${unit}s`;
}

function took(j) {
  if (!j.lastFinishedAt) return null;
  const ms = new Date(j.lastFinishedAt) - new Date(j.lastStartedAt);
  return el("span", { class: "second" }, `took ${ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`}`);
}

function result(j) {
  if (j.running) return el("span", { class: "mark" }, "running");
  if (!j.lastStartedAt) return el("span", { class: "muted" }, "never done");
  if (!j.lastError) return el("span", { class: "mark good" }, "went well");
  return [el("span", { class: "mark bad" }, "failed"), el("span", { class: "second" }, j.lastError.split("\n")[0].slice(0, 300))];
}

async function list() {
  const { jobs } = await ask(query);
  fill(place, table("Background jobs", columns, jobs));
  return jobs;
}

async function run(job) {
  await change("mutation ($input: RunJobInput!) { runJob(input: $input) { __typename ...Errors } }", { input: { name: job.name } });
  toast(`${job.name} is done as soon as those before it are.`);
  for (let i = 0; i < looks; i++) {
    await new Promise((resolve) => { setTimeout(resolve, lookAgain); });
    const now = (await list()).find((j) => j.name === job.name);
    if (!now.running && now.lastStartedAt !== job.lastStartedAt) {
      toast(now.lastError ? `${job.name} failed.` : `${job.name} went well.`, Boolean(now.lastError));
      return;
    }
  }
}

load(place, list);
