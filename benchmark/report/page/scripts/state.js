// What the reader has chosen. It is kept in the address, so that a link restores it.
const chosen = new URLSearchParams(location.search);

export const read = (name, fallback = "") => chosen.get(name) ?? fallback;
export const readAll = (name) => chosen.getAll(name);

// A choice that equals `fallback` is left out of the address.
export function write(name, value, fallback = "") {
  writeAll(name, value === fallback ? [] : [value]);
}

export function writeAll(name, values) {
  chosen.delete(name);
  for (const value of values) chosen.append(name, value);
  show(String(chosen));
  document.dispatchEvent(new CustomEvent("choice", { detail: name }));
}

function show(query) {
  try {
    history.replaceState(null, "", location.pathname + (query && `?${query}`) + location.hash);
  } catch {
    // a page that is embedded in another, as in Snakemake's report, has no address of its own
  }
}

export function onChoice(names, act) {
  document.addEventListener("choice", ({ detail }) => names.includes(detail) && act());
}
