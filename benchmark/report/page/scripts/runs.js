// The runs' sections: a link to one opens it, and its charts and words are drawn when it is first opened.
import { element, heading, note } from "./elements.js";
import { curvesOf, drawCurves } from "./curves.js";
import { testSetsWithWords, utterancesOf } from "./utterances.js";
import { aligned, errors } from "./alignment.js";

const WORST = 10;
const NOTE =
  "The reference is above the hypothesis. They are aligned as sclite does it. Errors are bold and underlined: " +
  "*** is a missing word, and + stands before an additional one.";

function open(hash) {
  const section = document.getElementById(decodeURIComponent(hash.slice(1)));
  if (!section?.matches("details.run")) return;
  section.open = true;
  section.scrollIntoView();
  section.querySelector("summary").focus({ preventScroll: true });
}

function drawWorst(place, run) {
  for (const testSet of testSetsWithWords) {
    const most = (a, b) => errors(b.systems[0]) - errors(a.systems[0]);
    const wrong = utterancesOf(testSet, run).filter(({ systems }) => errors(systems[0])).sort(most);
    place.append(heading(`Most word errors on ${testSet}`));
    const items = wrong.slice(0, WORST).map((utterance) => aligned(utterance, ["hypothesis"]));
    if (!items.length) place.append(element("p", { textContent: "There are no word errors." }));
    else place.append(note(NOTE), element("ol", { className: "utterances" }, ...items));
  }
}

function fill(section) {
  const curves = section.querySelector(".curves");
  const words = section.querySelector(".worst");
  if (words) drawWorst(words, section.dataset.run);
  if (curves) drawCurves(curves, [{ run: section.dataset.run, curves: curvesOf(section) }]);
}

for (const section of document.querySelectorAll("details.run")) {
  section.addEventListener("toggle", () => fill(section), { once: true });
}
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#run-"]');
  if (link) open(link.hash); // also when the address has it already
});
window.addEventListener("hashchange", () => open(location.hash));
open(location.hash);
