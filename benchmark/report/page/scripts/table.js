// The main table: a header sorts it, the form filters it, a row leads to its run. The address keeps all of it.
import { read, write } from "./state.js";

const table = document.querySelector("#results");
const body = table.tBodies[0];
const headers = [...table.tHead.rows[0].cells];
const form = document.querySelector("#filter");

function compare(a, b, sign, numeric) {
  if (!numeric) return sign * a.textContent.localeCompare(b.textContent);
  const [x, y] = [a.dataset.value, b.dataset.value];
  if (x === undefined || y === undefined) return (x === undefined) - (y === undefined); // nothing goes last
  return sign * (x - y);
}

function sort(header, ascending) {
  for (const other of headers) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const column = header.cellIndex;
  const numeric = header.classList.contains("number");
  const order = (a, b) => compare(a.cells[column], b.cells[column], ascending ? 1 : -1, numeric);
  body.append(...[...body.rows].sort(order));
}

function sortBy(header) {
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  sort(header, ascending);
  write("sort", `${ascending ? "up" : "down"} ${header.dataset.key}`);
}

function filter() {
  const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of body.rows) {
    const text = row.textContent.toLowerCase();
    row.hidden =
      (form.family.value !== "" && row.dataset.family !== form.family.value) ||
      (form.at.value !== "" && row.dataset.target !== form.at.value) ||
      !words.every((word) => text.includes(word));
    shown += !row.hidden;
  }
  form.querySelector("output").value = `${shown} of ${body.rows.length} rows`;
}

function openRow(event) {
  const selecting = String(window.getSelection()) !== "";
  if (!selecting && !event.target.closest("a, button")) event.target.closest("tr").querySelector("a").click();
}

function restore() {
  for (const field of form.querySelectorAll("[name]")) {
    field.value = read(field.name);
    if (field.selectedIndex === -1) field.value = ""; // an address may name what the study does not have
  }
  const [direction, ...key] = read("sort").split(" ");
  const header = headers.find(({ dataset }) => dataset.key === key.join(" "));
  if (header) sort(header, direction === "up");
}

for (const header of headers) header.querySelector("button").addEventListener("click", () => sortBy(header));
form.addEventListener("input", (event) => {
  filter();
  if (event.target.name) write(event.target.name, event.target.value);
});
form.addEventListener("submit", (event) => event.preventDefault());
body.addEventListener("click", openRow);
restore();
filter();
