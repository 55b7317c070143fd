// A chart of candles: prices above, volumes below, a scale on the right, and the time.

const right = 70; // pixels for the scale
const bottom = 20; // pixels for the time
const volumes = 0.2; // the part of the height for volumes

// chart draws candles from a time to another into svg, in pixels.
export function chart(svg, candles, { from, to, decimals, price, clock }) {
  const { width, height } = svg.getBoundingClientRect();
  if (width < 2 * right || height < 3 * bottom) return; // it is hidden
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", `from ${clock(from)} to ${clock(to)}, ${price(lowest(candles))} to ${price(highest(candles))}`);
  const plot = { width: width - right, height: height - bottom };
  const top = 8;
  const floor = plot.height * (1 - volumes) - 6;

  const low = lowest(candles);
  const high = Math.max(highest(candles), low + 10 ** -decimals);
  const x = (ms) => (plot.width * (ms - from)) / (to - from);
  const y = (p) => top + ((floor - top) * (high - p)) / (high - low);

  const parts = [];
  for (const p of ticks(low, high, Math.max(2, Math.floor(floor / 45)), decimals)) {
    parts.push(line("grid", 0, y(p), plot.width, y(p)), text(plot.width + 8, y(p) + 4, price(p), "start"));
  }
  const step = plot.width > 700 ? 10_000 : plot.width > 400 ? 15_000 : 20_000;
  for (let ms = Math.ceil(from / step) * step; ms < to; ms += step) {
    parts.push(line("grid", x(ms), top, x(ms), plot.height));
    if (x(ms) > 28 && x(ms) < width - 28) parts.push(text(x(ms), height - 4, clock(ms), "middle"));
  }
  parts.push(line("axis", 0, plot.height, plot.width, plot.height), text(plot.width + 8, plot.height - 2, "volume", "start"));

  const most = Math.max(...candles.map((c) => c.volume));
  const wide = Math.max(1.5, x(from + 700));
  for (const c of candles) {
    const middle = x(c.start + 500);
    const upper = y(Math.max(c.open, c.close));
    const body = Math.max(1, y(Math.min(c.open, c.close)) - upper);
    const volume = most > 0 ? (plot.height * volumes * c.volume) / most : 0;
    const group = node("g", { class: c.close < c.open ? "down" : "up" });
    group.append(
      line("wick", middle, y(c.high), middle, y(c.low)),
      node("rect", { class: "body", x: middle - wide / 2, y: upper, width: wide, height: body }),
      node("rect", { class: "volume", x: middle - wide / 2, y: plot.height - volume, width: wide, height: volume }),
    );
    parts.push(group);
  }
  svg.replaceChildren(...parts);
}

const highest = (candles) => Math.max(...candles.map((c) => c.high));
const lowest = (candles) => Math.min(...candles.map((c) => c.low));

// ticks returns round prices between low and high: about n, and two at least where the
// decimals allow it.
function ticks(low, high, n, decimals) {
  const smallest = 10 ** -decimals;
  const power = 10 ** Math.floor(Math.log10((high - low) / n));
  const steps = [10, 5, 2, 1, 0.5, 0.2, 0.1].map((m) => Math.max(smallest, m * power));
  const fits = (step) => Math.floor(high / step) - Math.ceil(low / step) + 1;
  const step = steps.find((s) => fits(s) >= Math.max(2, n - 1)) ?? smallest;
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step);
  return found;
}

const line = (name, x1, y1, x2, y2) => node("line", { class: name, x1, y1, x2, y2 });

function text(x, y, content, anchor) {
  const element = node("text", { x, y, "text-anchor": anchor });
  element.textContent = content;
  return element;
}

function node(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
