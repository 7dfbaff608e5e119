// The embedded utterances: a reference, and of every run the edits that make its hypothesis of it.
import { embedded } from "./elements.js";

const sets = embedded("utterances");
export const testSetsWithWords = Object.keys(sets);
export const howMany = (testSet) => ({ shared: sets[testSet].shared, erring: sets[testSet].erring });

const KINDS = { "=": "S", "-": "D", "+": "I" };

// `2=word 3- 5+word` as [{position, kind, word}], with sclite's letters for the kinds.
function edits(text) {
  return text
    .split(" ")
    .filter(Boolean)
    .map((edit) => /^(\d+)([=+-])(.*)$/.exec(edit))
    .map(([, position, sign, word]) => ({ position: Number(position), kind: KINDS[sign], word }));
}

function utterance(set, i, texts) {
  return { name: set.names[i], reference: set.references[i].split(" ").filter(Boolean), systems: texts.map(edits) };
}

// All utterances that the page has of this run.
export function utterancesOf(testSet, run) {
  const set = sets[testSet];
  const own = set.runs[run];
  if (!own) return [];
  const shared = own.shared.split("\n").slice(0, set.shared);
  return [...shared.entries(), ...Object.entries(own.worst)].map(([i, text]) => utterance(set, i, [text]));
}

// The utterances that the page has of both runs.
export function utterancesOfBoth(testSet, a, b) {
  const set = sets[testSet];
  if (!set.runs[a] || !set.runs[b]) return [];
  const [first, second] = [a, b].map((run) => set.runs[run].shared.split("\n"));
  return first.slice(0, set.shared).map((text, i) => utterance(set, i, [text, second[i]]));
}
