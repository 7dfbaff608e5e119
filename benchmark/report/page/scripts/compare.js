// The section that compares the two pinned runs; it takes what it shows from the runs' own sections.
import { element, heading, note } from "./elements.js";
import { onChoice } from "./state.js";
import { testSet } from "./test_set.js";
import { pinned, titleOf, unpin } from "./pins.js";
import { factsTables } from "./compare_facts.js";
import { sharesTables } from "./compare_shares.js";
import { curvesOf, drawCurves } from "./curves.js";
import { wordLists } from "./compare_words.js";

const place = document.querySelector("#compare");
const body = place.querySelector(".compared");
const words = element("div");

function head(runs) {
  const entry = (run, i) => {
    const link = element("a", { href: `#run-${encodeURIComponent(run)}`, textContent: titleOf(run) });
    const [ariaLabel, onclick] = [`Unpin ${titleOf(run)}`, () => unpin(run)];
    const remove = element("button", { type: "button", textContent: "Unpin", ariaLabel, onclick });
    return element("li", {}, element("strong", { textContent: "AB"[i] }), " ", link, " ", remove);
  };
  return element("ul", { className: "pair" }, ...runs.map(entry));
}

function drawWords() {
  const runs = pinned();
  if (runs.length === 2) words.replaceChildren(...wordLists(testSet(), ...runs));
}

function draw() {
  const runs = pinned();
  place.hidden = runs.length < 2;
  if (place.hidden) return body.replaceChildren();
  const sections = runs.map((run) => document.getElementById(`run-${run}`));
  const curves = element("div", { className: "curves" });
  const logged = sections.map((section, i) => ({ run: "AB"[i], curves: curvesOf(section) }));
  const training = [heading("Training"), note("A is drawn as solid lines, B as dashed ones."), curves];
  body.replaceChildren(
    head(runs),
    ...factsTables(...sections),
    ...(logged.some(({ curves: { charts } }) => charts.length) ? training : []),
    ...sharesTables(...sections),
    words,
  );
  drawWords();
  drawCurves(curves, logged);
}

onChoice(["pin"], draw);
onChoice(["test-set"], drawWords);
draw();
