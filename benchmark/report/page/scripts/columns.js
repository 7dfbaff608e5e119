// Which columns of the main table are shown: those whose names are chosen, for the chosen test set or for all.
import { read, readAll, write, writeAll, onChoice } from "./state.js";
import { testSet } from "./test_set.js";

const table = document.querySelector("#results");
const headers = [...table.tHead.rows[0].cells];
const boxes = [...document.querySelectorAll("#columns [name=column]")];
const every = document.querySelector("#columns [name=every-set]");
const first = boxes.filter((box) => box.defaultChecked).map((box) => box.value);

function show() {
  const names = boxes.filter((box) => box.checked).map((box) => box.value);
  for (const { dataset, cellIndex } of headers) {
    const here = dataset.set === "" || every.checked || dataset.set === testSet();
    const hidden = !here || !names.includes(dataset.name);
    for (const row of table.rows) row.cells[cellIndex].hidden = hidden;
  }
  table.classList.toggle("one-set", !every.checked);
}

function choose() {
  const names = boxes.filter((box) => box.checked).map((box) => box.value);
  writeAll("column", String(names) === String(first) ? [] : names);
  write("sets", every.checked ? "all" : "");
  show();
}

function reset() {
  for (const box of [...boxes, every]) box.checked = box.defaultChecked;
  choose();
}

const asked = readAll("column");
for (const box of boxes) box.checked = (asked.length ? asked : first).includes(box.value);
every.checked = read("sets") === "all";
for (const box of [...boxes, every]) box.addEventListener("change", choose);
document.querySelector("#columns button").addEventListener("click", reset);
onChoice(["test-set"], show);
show();
