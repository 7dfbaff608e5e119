// An utterance, word under word: the reference, and below it one or two hypotheses.
import { element } from "./elements.js";

const MISSING = "***";

// A column has a word of the reference, or none where a word was inserted, and of every system {kind, word}.
function columns({ reference, systems }) {
  const right = (word) => ({ kind: "C", word });
  const found = [];
  for (let position = 0; position <= reference.length; position += 1) {
    const here = systems.map((edits) => edits.filter((edit) => edit.position === position));
    const inserted = here.map((edits) => edits.filter((edit) => edit.kind === "I"));
    for (let i = 0; i < Math.max(...inserted.map((edits) => edits.length)); i += 1) {
      found.push({ word: "", cells: inserted.map((edits) => edits[i] ?? right("")) });
    }
    if (position === reference.length) break;
    const word = reference[position];
    found.push({ word, cells: here.map((edits) => edits.find((edit) => edit.kind !== "I") ?? right(word)) });
  }
  return found;
}

export const errors = (edits) => edits.length;
export const differences = (utterance) =>
  columns(utterance).filter(({ cells: [a, b] }) => a.kind !== b.kind || a.word !== b.word).length;

const sentence = (words) => words.filter(Boolean).join(" ") || "nothing";

function column({ word, cells }) {
  const gap = cells.some(({ kind }) => kind === "I") ? MISSING : "";
  const shown = cells.map(({ kind, word: heard }) => [kind, heard || (kind === "D" ? MISSING : " ")]);
  const below = shown.map(([className, textContent]) => element("span", { className, textContent }));
  return element("span", {}, element("span", { textContent: word || gap }), ...below);
}

// The list item of an utterance; a screen reader hears whole sentences instead of columns.
export function aligned(utterance, names) {
  const found = columns(utterance);
  const counts = utterance.systems.map((edits, i) => (names.length > 1 ? `${names[i]} ` : "") + errors(edits));
  const title = `${utterance.name}: ${utterance.reference.length} words, errors: ${counts.join(", ")}`;
  const heard = names.map((name, i) => `${name}: ${sentence(found.map(({ cells }) => cells[i].word))}.`);
  const spoken = `Reference: ${sentence(utterance.reference)}. ${heard.join(" ")}`;
  const labels = ["", ...names].map((name) => element("span", { textContent: name || " " }));
  const first = names.length > 1 ? [element("span", { className: "who" }, ...labels)] : [];
  return element(
    "li",
    {},
    element("span", { className: "name", textContent: title }),
    element("span", { className: "unseen", textContent: spoken }),
    element("div", { className: "alignment", ariaHidden: "true" }, ...first, ...found.map(column)),
  );
}
