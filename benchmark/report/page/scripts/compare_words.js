// The utterances on which two runs differ most, and those on which they err most.
import { element, heading, note } from "./elements.js";
import { aligned, differences, errors } from "./alignment.js";
import { howMany, testSetsWithWords, utterancesOfBoth } from "./utterances.js";

const SHOWN = 10;
const KEY = [
  ["S", "word", "another word"],
  ["D", "***", "a missing word"],
  ["I", "word", "an additional word"],
];

function list(title, utterances, open) {
  return element(
    "details",
    { open },
    element("summary", { textContent: title }),
    element("ol", { className: "utterances" }, ...utterances.map((utterance) => aligned(utterance, ["A", "B"]))),
  );
}

function key() {
  const sample = (kind, textContent) => element("span", { className: `sample ${kind}`, textContent });
  const entries = KEY.flatMap(([kind, word, meaning]) => [sample(kind, word), ` ${meaning}  `]);
  return element("p", { className: "note alignment-key" }, ...entries);
}

function first(utterances, weight) {
  const weighed = utterances.map((utterance) => [weight(utterance), utterance]).filter(([found]) => found > 0);
  return weighed.sort(([a], [b]) => b - a).slice(0, SHOWN).map(([, utterance]) => utterance);
}

export function wordLists(testSet, a, b) {
  const title = heading(`Utterances of ${testSet}`);
  if (!testSetsWithWords.includes(testSet)) return [title, note("This test set's references are not available.")];
  const found = utterancesOfBoth(testSet, a, b);
  const { shared, erring } = howMany(testSet);
  const chosen = `The utterances are chosen among ${shared} of ${erring}, whose word errors differ most between runs.`;
  const together = ({ systems: [x, y] }) => errors(x) + errors(y);
  return [
    title,
    note("The reference is above the hypotheses, which are aligned with it as sclite does it."),
    ...(shared < erring ? [note(chosen)] : []),
    key(),
    list("Most changed: the most words differ between A and B", first(found, differences), true),
    list("Worst: the most word errors of A and B together", first(found, together), false),
  ];
}
