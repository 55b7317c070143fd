// The page: an EventSource, and a card for each market.
import { chart } from "./chart.js";

const shown = 60_000; // milliseconds in a chart
const markets = new Map(); // by symbol
let newest = 0; // the start of the newest candle, in milliseconds: where all charts end
let paused = false;

const $ = (id) => document.getElementById(id);
const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false });
const count = (n, unit) => `${n.toLocaleString()} ${unit}${n === 1 ? "" : "s"}`;

function leg(id, state, text) {
  const element = $(id);
  element.dataset.state = state;
  element.querySelector("b").textContent = text;
}

// The browser reconnects by itself, and asks with Last-Event-ID for what it has missed.
// A new page asks for all that is kept: with an ID that nobody knows.
let lastEventId = "none";
function connect() {
  const events = new EventSource(`events?lastEventId=${encodeURIComponent(lastEventId)}`);
  events.onopen = () => {
    leg("here", "live", "live");
    note();
  };
  events.onerror = () => {
    leg("here", "waiting", "reconnecting");
    leg("feed", "waiting", "unknown");
    note();
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 2000); // refused: the browser does not try again
  };
  events.addEventListener("feed", (e) => {
    lastEventId = e.lastEventId;
    showFeed(JSON.parse(e.data));
  });
  events.addEventListener("candle", (e) => {
    lastEventId = e.lastEventId;
    add(JSON.parse(e.data));
  });
}
connect();

function showFeed(feed) {
  leg("feed", feed.state, feed.state === "live" ? "live" : "reconnecting");
  $("reconnects").textContent = feed.reconnects.toLocaleString();
  $("reconnects-unit").textContent = feed.reconnects === 1 ? "reconnect" : "reconnects";
  $("missing").textContent = feed.missing.toLocaleString();
  $("missing").classList.toggle("some", feed.missing > 0);
  $("summary").textContent =
    `${count(feed.trades, "trade")} of ${count(markets.size, "market")}, over a connection that keeps breaking.`;
}

function add(candle) {
  candle.start = Date.parse(candle.start);
  const market = markets.get(candle.symbol) ?? addMarket(candle);
  if (market.candles.at(-1)?.start >= candle.start) return; // known: all that is kept was sent again
  market.candles.push(candle);
  newest = Math.max(newest, candle.start);
  requestDraw();
}

function addMarket({ symbol, open }) {
  $("empty").hidden = true;
  const card = $("market").content.firstElementChild.cloneNode(true);
  card.dataset.symbol = symbol;
  card.querySelector("h2").textContent = symbol;
  // As many decimals as six digits leave at the first price. They stay, so that no digit moves.
  const decimals = Math.max(0, 5 - Math.floor(Math.log10(open)));
  const format = new Intl.NumberFormat([], { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const market = { card, candles: [], decimals, price: (p) => format.format(p) };
  const enlarge = () => {
    card.setAttribute("aria-pressed", card.getAttribute("aria-pressed") !== "true");
    draw();
  };
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
  note();
  if (!paused) draw();
});
addEventListener("resize", () => draw());

// note says in each card why its prices do not move.
function note() {
  const gone = $("here").dataset.state !== "live";
  for (const { card, until } of markets.values()) {
    card.classList.toggle("stale", gone);
    const text = card.querySelector(".note");
    text.hidden = !gone && !paused;
    text.textContent = `${paused ? "paused" : "as of"} ${clock(until)}`;
  }
}

// Many candles may come at once, after a reconnect: they are drawn together.
let requested = false;
function requestDraw() {
  if (requested || paused) return;
  requested = true;
  requestAnimationFrame(() => {
    requested = false;
    if (!paused) draw(newest + 1000); // it may have been paused since
  });
}

// draw shows the candles of the last minute before end. Without end it shows what is shown.
let end = 0;
function draw(to = paused ? end : newest + 1000) {
  end = to;
  for (const market of markets.values()) {
    market.candles = market.candles.filter((c) => c.start >= newest + 1000 - shown || (paused && c.start >= end - shown));
    const visible = market.candles.filter((c) => c.start >= end - shown && c.start < end);
    if (visible.length > 0) drawMarket(market, visible);
  }
}

function drawMarket(market, candles) {
  const { card, decimals, price } = market;
  const last = candles.at(-1);
  const change = last.close / candles[0].open - 1;
  market.until = last.start + 1000;
  card.querySelector(".price b").textContent = price(last.close);
  const element = card.querySelector(".change");
  element.textContent = `${change < 0 ? "−" : "+"}${Math.abs(change * 100).toFixed(2)} %`;
  element.classList.toggle("down", change < 0);
  chart(card.querySelector("svg"), candles, { from: end - shown, to: end, decimals, price, clock });
}
