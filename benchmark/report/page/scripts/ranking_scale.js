// A scale for the ranking: where a WER lies between the ends (0 to 1), and which ticks to show.
const STEPS = [1, 2, 5, 10];
const WIDE = 3; // a scale is logarithmic if its largest value is more than this many times its smallest

export function scaleOf(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const wide = low > 0 && high > WIDE * low;
  const bent = wide ? Math.log : (value) => value;
  const [start, end] = [bent(low), bent(high)];
  const margin = 0.03 * (end - start || 1);
  const place = (value) => (bent(value) - start + margin) / (end - start + 2 * margin);
  const ticks = (wide ? decades(low, high) : steps(low, high)).filter((tick) => place(tick) >= 0 && place(tick) <= 1);
  return { place, ticks };
}

function steps(low, high) {
  const rough = (high - low || 1) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * STEPS.find((factor) => factor * unit >= rough);
  const [first, last] = [Math.ceil(low / step), Math.floor(high / step)];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

function decades(low, high) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const powers = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  const factors = high < 15 * low ? [1, 1.5, 2, 3, 5, 7] : [1, 2, 5];
  return powers.flatMap((power) => factors.map((factor) => Number((factor * power).toPrecision(3))));
}
