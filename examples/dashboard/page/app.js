// The page: an EventSource, and a card for each market.
const shown = 60; // candles in a chart
const markets = new Map(); // by symbol
const totals = { candles: 0, trades: 0 };
let paused = false;

const $ = (id) => document.getElementById(id);

function leg(id, state, text) {
  const element = $(id);
  element.dataset.state = state;
  element.querySelector("b").textContent = text;
}

// The browser reconnects by itself, and asks with Last-Event-ID for what it has missed.
// A page that has just come asks for what is kept: an ID that nobody knows.
let lastEventId = "none";
function connect() {
  const events = new EventSource(`events?lastEventId=${encodeURIComponent(lastEventId)}`);
  events.onopen = () => leg("here", "live", "live");
  events.onerror = () => {
    leg("here", "waiting", "reconnecting");
    leg("feed", "waiting", "unknown");
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 2000); // refused: the browser does not try again
  };
  events.addEventListener("feed", (e) => {
    lastEventId = e.lastEventId;
    const feed = JSON.parse(e.data);
    leg("feed", feed.state, feed.state === "live" ? "live" : `reconnecting (${feed.reason})`);
    $("reconnects").textContent = feed.reconnects;
    $("missing").textContent = feed.missing;
  });
  events.addEventListener("candle", (e) => {
    lastEventId = e.lastEventId;
    add(JSON.parse(e.data));
  });
}
connect();

function add(candle) {
  const market = markets.get(candle.symbol) ?? addMarket(candle.symbol);
  if (market.candles.at(-1)?.start >= candle.start) return; // known: all that is kept was sent again
  market.candles.push(candle);
  if (market.candles.length > shown) market.candles.shift();
  totals.candles++;
  totals.trades += candle.trades;
  market.changed = true;
  requestDraw();
}

function addMarket(symbol) {
  $("empty").hidden = true;
  const card = $("market").content.firstElementChild.cloneNode(true);
  card.dataset.symbol = symbol;
  card.querySelector("h2").textContent = symbol;
  const market = { card, candles: [], changed: true };
  const enlarge = () => card.setAttribute("aria-pressed", card.getAttribute("aria-pressed") !== "true");
  card.addEventListener("click", enlarge);
  card.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" && e.key !== " ") return;
    e.preventDefault();
    enlarge();
  });
  markets.set(symbol, market);
  const after = [...$("markets").children].find((other) => other.dataset.symbol > symbol);
  $("markets").insertBefore(card, after ?? null);
  return market;
}

$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", paused);
  $("pause").textContent = paused ? "Resume" : "Pause";
  requestDraw();
});

// Many candles may come at once, after a reconnect: they are drawn together.
let requested = false;
function requestDraw() {
  if (requested || paused) return;
  requested = true;
  requestAnimationFrame(() => {
    requested = false;
    if (paused) return; // since it was requested
    for (const market of markets.values()) {
      if (market.changed) draw(market);
      market.changed = false;
    }
    $("candles").textContent = totals.candles;
    $("trades").textContent = totals.trades;
  });
}

function draw({ card, candles }) {
  const first = candles[0];
  const last = candles.at(-1);
  const change = last.close / first.open - 1;
  card.querySelector(".price b").textContent = price(last.close);
  const element = card.querySelector(".change");
  element.textContent = `${change < 0 ? "−" : "+"}${Math.abs(change * 100).toFixed(2)} %`;
  element.classList.toggle("down", change < 0);
  card.querySelector(".detail").textContent =
    `${new Date(last.start).toLocaleTimeString()} · ${last.trades} trades · high ${price(last.high)} · low ${price(last.low)}`;
  chart(card.querySelector("svg"), candles);
}

function price(p) {
  return p.toLocaleString(undefined, { maximumSignificantDigits: 6, minimumSignificantDigits: 5 });
}

// chart draws candles above and volumes below, in units of one candle by 100.
function chart(svg, candles) {
  const high = Math.max(...candles.map((c) => c.high));
  const low = Math.min(...candles.map((c) => c.low));
  const most = Math.max(...candles.map((c) => c.volume));
  const y = (p) => (high === low ? 38 : 2 + (72 * (high - p)) / (high - low));
  svg.setAttribute("viewBox", `0 0 ${shown} 100`);
  const parts = candles.map((c, i) => {
    const x = shown - candles.length + i;
    const top = y(Math.max(c.open, c.close));
    const volume = most > 0 ? (20 * c.volume) / most : 0;
    const group = node("g", { class: c.close < c.open ? "down" : "up" });
    group.append(
      node("line", { class: "wick", x1: x + 0.5, x2: x + 0.5, y1: y(c.high), y2: y(c.low) }),
      node("rect", { class: "body", x: x + 0.15, y: top, width: 0.7, height: Math.max(0.6, y(Math.min(c.open, c.close)) - top) }),
      node("rect", { class: "volume", x: x + 0.15, y: 100 - volume, width: 0.7, height: volume }),
    );
    return group;
  });
  svg.replaceChildren(...parts);
}

function node(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
