// The main table: a header sorts it, the form filters it, a row leads to its run.
const table = document.querySelector("#results");
const body = table.tBodies[0];
const form = document.querySelector("#filter");

function compare(a, b, sign, numeric) {
  if (!numeric) return sign * a.textContent.localeCompare(b.textContent);
  const [x, y] = [a.dataset.value, b.dataset.value];
  if (x === undefined || y === undefined) return (x === undefined) - (y === undefined); // nothing goes last
  return sign * (x - y);
}

function sortBy(header) {
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const column = header.cellIndex;
  const numeric = header.classList.contains("number");
  const order = (a, b) => compare(a.cells[column], b.cells[column], ascending ? 1 : -1, numeric);
  body.append(...[...body.rows].sort(order));
}

function filter() {
  const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of body.rows) {
    const text = row.textContent.toLowerCase();
    row.hidden =
      (form.family.value !== "" && row.dataset.family !== form.family.value) ||
      (form.target.value !== "" && row.dataset.target !== form.target.value) ||
      !words.every((word) => text.includes(word));
    shown += !row.hidden;
  }
  form.querySelector("output").value = `${shown} of ${body.rows.length} rows`;
}

function openRow(event) {
  const selecting = String(window.getSelection()) !== "";
  if (!selecting && !event.target.closest("a")) event.target.closest("tr").querySelector("a").click();
}

for (const button of table.tHead.querySelectorAll("button")) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
body.addEventListener("click", openRow);
filter();
