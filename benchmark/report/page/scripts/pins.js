// Two runs can be pinned, which compares them; a third takes the place of the first.
import { readAll, writeAll, onChoice } from "./state.js";

const known = (run) => document.getElementById(`run-${run}`) !== null;
const status = document.querySelector("#pinned");
const buttons = [...document.querySelectorAll("button.pin")];

export const pinned = () => [...new Set(readAll("pin"))].filter(known).slice(-2);

// The title of a run, as its section has it.
export const titleOf = (run) => document.getElementById(`run-${run}`).dataset.title;

export function unpin(run) {
  writeAll("pin", pinned().filter((other) => other !== run));
}

function toggle(run) {
  if (pinned().includes(run)) unpin(run);
  else writeAll("pin", [...pinned(), run].slice(-2));
}

function words(runs) {
  if (runs.length === 2) return `Comparing ${titleOf(runs[0])} with ${titleOf(runs[1])}.`;
  return runs.length ? `${titleOf(runs[0])} is pinned. Pin another run to compare the two.` : "";
}

function show() {
  const runs = pinned();
  for (const button of buttons) button.setAttribute("aria-pressed", runs.includes(button.value));
  status.querySelector("output").value = words(runs);
  status.querySelector("a").hidden = runs.length < 2;
  status.classList.toggle("empty", !runs.length);
}

for (const button of buttons) button.addEventListener("click", () => toggle(button.value));
onChoice(["pin"], show);
show();
