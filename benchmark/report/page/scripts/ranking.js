// The ranking: the rows at one target, best first, each with its WER and interval beside the dense model's WER.
import { element, embedded } from "./elements.js";
import { read, write, onChoice } from "./state.js";
import { testSet } from "./test_set.js";
import { scaleOf } from "./ranking_scale.js";
import { rankingFigure } from "./ranking_figure.js";
import { saveFigure } from "./downloads.js";

const { dense, targets, target: first, lines } = embedded("ranking-data");
const place = document.querySelector("#ranking");

function target() {
  const asked = read("target");
  return asked in targets ? asked : first;
}

// The lines that are shown, best first.
function ranked() {
  const here = (line) => {
    const [rank, wer, interval, letters] = [line.rank, line.wer, line.interval, line.letters].map((by) => by[testSet()]);
    return { ...line, rank, wer, interval, letters };
  };
  return lines
    .filter((line) => line.target === target())
    .map(here)
    .sort((a, b) => a.wer - b.wer);
}

const numbers = (ends) => (ends ? ends.map((end) => end.toFixed(1)).join(" to ") : "");
const share = (value) => `${(100 * value).toFixed(2)}%`;

const mark = (className, at, width = 0) =>
  element("i", { className, style: { left: share(at), "--width": share(width) } });
const denseMark = (scale, middle) => (middle === undefined ? [] : [mark("dense", scale.place(middle))]);

function track({ family, wer, interval }, scale, middle) {
  const [low, high] = (interval ?? []).map(scale.place);
  const bar = interval ? [mark("interval", low, high - low)] : [];
  const marks = element("div", {}, ...denseMark(scale, middle), ...bar, mark("point", scale.place(wer)));
  return element("td", { ariaHidden: "true", className: "track", data: { family } }, marks);
}

function row(line, scale, middle) {
  const link = element("a", { href: `#${encodeURIComponent(line.section)}`, textContent: line.name });
  return element(
    "tr",
    {},
    element("td", { className: "number", textContent: line.rank ?? "" }),
    element("th", { scope: "row" }, link, element("small", { textContent: line.family })),
    track(line, scale, middle),
    element("td", { className: "number", textContent: line.wer.toFixed(2) }),
    element("td", { className: "number ends", textContent: numbers(line.interval) }),
    element("td", { className: "ends", textContent: line.letters }),
  );
}

function axis(scale, middle) {
  const tick = (value) => element("small", { style: { left: share(scale.place(value)) }, textContent: value });
  place.querySelector("thead .track div").replaceChildren(...scale.ticks.map(tick), ...denseMark(scale, middle));
}

function caption(shown, middle) {
  const size = target() === "own" ? "at their own sizes" : `at the target ${targets[target()]}`;
  const compared = middle === undefined ? "" : ` The vertical line is the dense model, at ${middle.toFixed(2)} %.`;
  return `WER on ${testSet()} of ${shown.length} rows ${size}, best first.${compared}`;
}

function draw() {
  const [shown, middle] = [ranked(), dense[testSet()]];
  const values = shown.flatMap(({ wer, interval }) => [wer, ...(interval ?? [])]);
  const scale = scaleOf(middle === undefined ? values : [...values, middle]);
  axis(scale, middle);
  place.querySelector("tbody").replaceChildren(...shown.map((line) => row(line, scale, middle)));
  place.querySelector("caption").textContent = caption(shown, middle);
  for (const button of place.querySelectorAll("[name=target]")) {
    button.setAttribute("aria-pressed", button.value === target());
  }
  const families = new Set(shown.map((line) => line.family));
  for (const entry of place.querySelectorAll(".key li")) entry.hidden = !families.has(entry.dataset.family);
  return { shown, scale, middle };
}

function save() {
  const { shown, scale, middle } = draw();
  const colour = (family) => getComputedStyle(place).getPropertyValue(`--${family}`).trim();
  saveFigure(`ranking-${testSet()}-${target()}`, rankingFigure(shown, scale, middle, caption(shown, middle), colour));
}

if (lines.length) {
  for (const button of place.querySelectorAll("[name=target]")) {
    button.addEventListener("click", () => write("target", button.value, first));
  }
  place.querySelector(".save").addEventListener("click", save);
  onChoice(["target", "test-set"], draw);
  draw();
}
