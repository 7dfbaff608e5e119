// Numbers and settings of two runs beside each other: first what differs, then what is equal.
import { element, heading } from "./elements.js";

// The facts of a run's section: its tables by title, each a map from name to value.
function factsOf(section) {
  const found = new Map();
  for (const group of section.querySelectorAll(".facts > section")) {
    found.set(group.querySelector("h3").textContent, new Map([...scores(group), ...pairs(group)]));
  }
  return found;
}

function pairs(group) {
  return [...group.querySelectorAll("dt")].map((name) => [name.textContent, name.nextElementSibling.textContent]);
}

function scores(group) {
  const names = [...group.querySelectorAll("thead th")].slice(1).map((cell) => cell.textContent);
  return [...group.querySelectorAll("tbody tr")].flatMap(({ cells: [testSet, ...values] }) =>
    values.map((value, i) => [`${testSet.textContent}: ${names[i]}`, value.textContent]),
  );
}

const NUMBER = /^-?[\d,]*\.?\d+( \S+)?$/; // with a unit or without

function difference(a = "", b = "") {
  if (!NUMBER.test(a) || !NUMBER.test(b)) return "";
  const [x, y] = [a, b].map((text) => parseFloat(text.replaceAll(",", "")));
  const digits = Math.max(...[a, b].map((text) => text.split(" ")[0].split(".")[1]?.length ?? 0));
  const shown = { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" };
  return (y - x).toLocaleString("en-US", shown);
}

function row([name, a, b]) {
  const cells = [a ?? "-", b ?? "-", difference(a, b)].map((textContent) => element("td", { textContent }));
  return element("tr", {}, element("th", { scope: "row", textContent: name }), ...cells);
}

function table(title, lines) {
  const names = ["", "A", "B", lines.some(([, a, b]) => difference(a, b)) ? "B minus A" : ""];
  const header = names.map((name) => element(name ? "th" : "td", name ? { scope: "col", textContent: name } : {}));
  const head = element("thead", {}, element("tr", {}, ...header));
  const caption = element("caption", { textContent: title });
  const body = element("tbody", {}, ...lines.map(row));
  return element("div", { className: "wide" }, element("table", {}, caption, head, body));
}

export function factsTables(first, second) {
  const [a, b] = [factsOf(first), factsOf(second)];
  const titles = [...new Set([...a.keys(), ...b.keys()])];
  const groups = titles.map((title) => {
    const [left, right] = [a.get(title) ?? new Map(), b.get(title) ?? new Map()];
    const names = [...new Set([...left.keys(), ...right.keys()])];
    const lines = names.map((name) => [name, left.get(name), right.get(name)]);
    return { title, different: lines.filter(([, x, y]) => x !== y), equal: lines.filter(([, x, y]) => x === y) };
  });
  const tables = groups.filter((group) => group.different.length).map((group) => table(group.title, group.different));
  const equal = groups.filter((group) => group.equal.length).map((group) => table(group.title, group.equal));
  const packed = (made) => element("div", { className: "packed" }, ...made);
  const folded = element("details", {}, element("summary", { textContent: "What is equal in both" }), packed(equal));
  return [heading("What differs"), packed(tables), ...(equal.length ? [folded] : [])];
}
