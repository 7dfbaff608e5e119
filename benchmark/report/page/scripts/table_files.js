// The main table as a file: the columns, rows and order that are shown.
import { save } from "./downloads.js";
import { testSet } from "./test_set.js";

const table = document.querySelector("#results");
const place = document.querySelector("#table-files");
const study = document.body.dataset.study;

// A cell's text; a header names the test set first.
const words = (cell) => cell.textContent.replace(/\s+/g, " ").trim();
const shown = () =>
  [...table.rows].filter((row) => !row.hidden).map((row) => [...row.cells].filter((cell) => !cell.hidden).map(words));

const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const csv = () => shown().map((line) => line.map(quoted).join(",") + "\n").join("");

const SYMBOLS = { "±": "$\\pm$", "Δ": "$\\Delta$", "°": "$^\\circ$", "<": "$<$", ">": "$>$" };
const NAMES = { "\\": "backslash", "^": "asciicircum", "|": "bar", "~": "asciitilde" };
const command = (character) => (NAMES[character] ? `\\text${NAMES[character]}{}` : `\\${character}`);
const typeset = (text) =>
  text.replace(/[\\^|±Δ°<>~&%$#_{}]/g, (character) => SYMBOLS[character] ?? command(character));

function latex() {
  const [head, ...rows] = shown().map((line) => `${line.map(typeset).join(" & ")} \\\\\n`);
  const columns = [...table.tHead.rows[0].cells].filter((cell) => !cell.hidden);
  const format = columns.map((cell) => (cell.classList.contains("number") ? "r" : "l")).join("");
  const lines = `\\toprule\n${head}\\midrule\n${rows.join("")}\\bottomrule\n`;
  return `% needs \\usepackage{booktabs}\n\\begin{tabular}{${format}}\n${lines}\\end{tabular}\n`;
}

const files = { csv: ["text/csv", csv], tex: ["application/x-tex", latex] };
for (const button of place.querySelectorAll("button")) {
  const [type, make] = files[button.value];
  button.addEventListener("click", () => save(`${study}-${testSet()}.${button.value}`, type, make()));
}
