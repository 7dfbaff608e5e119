// The ranking as an SVG file, which looks as on the page.
const [NAMES, PLOT, VALUES, STEP, TOP, KEY] = [230, 420, 60, 18, 44, 92];
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escaped = (text) => String(text).replace(/[&<>]/g, (character) => ENTITIES[character]);

const line = (x1, y1, x2, y2, stroke, width) =>
  `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}" stroke-width="${width}"/>`;
const dot = (x, y, fill) => `<circle cx="${x}" cy="${y}" r="4" fill="${fill}"/>`;
const text = (x, y, words, anchor = "start") =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(words)}</text>`;

export function rankingFigure(lines, { place, ticks }, dense, caption, colour) {
  const bottom = TOP + STEP * lines.length;
  const across = (value) => (NAMES + PLOT * place(value)).toFixed(1);
  const parts = [text(4, 16, caption)];
  for (const tick of ticks) {
    const x = across(tick);
    parts.push(line(x, TOP - 8, x, bottom, "#d5dae1", 0.6), text(x, TOP - 12, tick, "middle"));
  }
  if (dense !== undefined) parts.push(line(across(dense), TOP - 8, across(dense), bottom, "#000", 1));
  lines.forEach(({ name, rank, family, wer, interval }, i) => {
    const y = TOP + STEP * (i + 0.5);
    const fill = colour(family);
    parts.push(text(4, y + 4, rank ?? ""), text(30, y + 4, name));
    parts.push(text(NAMES + PLOT + VALUES - 8, y + 4, wer.toFixed(2), "end"));
    if (interval) parts.push(line(across(interval[0]), y, across(interval[1]), y, fill, 2.5));
    parts.push(dot(across(wer), y, fill));
  });
  [...new Set(lines.map(({ family }) => family))].forEach((family, i) => {
    parts.push(dot(10 + i * KEY, bottom + STEP, colour(family)), text(20 + i * KEY, bottom + STEP + 4, family));
  });
  const size = `width="${NAMES + PLOT + VALUES}" height="${bottom + 2 * STEP}"`;
  const font = 'font-family="sans-serif" font-size="12"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>${parts.join("")}</svg>`;
}
