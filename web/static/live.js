// Follow the nursery: news by server-sent events, and red by itself when the link is dead.
import { lasting, setNurseryNow, setText, tick } from "./clock.js";
import { morph } from "./morph.js";

const DEAD_S = 6; // three pulses missed: the link is dead
const STALE_S = Number(document.body.dataset.stale); // older word from a box is no word
const RETRY_MS = 1500; // after the server refused or fell away
const POLL_MS = 3000; // where no stream is to be had
const TRY_STREAM_MS = 30000;

const page = document.body.dataset.page;
let seen = Number(document.body.dataset.change || 0);
let source = null;
let pulseAt = nowBoth();
let polling = null;

// Both clocks: the steady one may stand still while a phone sleeps, the other may be set back.
// Whichever says more is believed: an age that is too high warns, one that is too low lulls.
function nowBoth() {
  return [performance.now(), Date.now()];
}

function secondsSince([steady, wall]) {
  return Math.max(performance.now() - steady, Date.now() - wall) / 1000;
}

export function follow() {
  for (const box of document.querySelectorAll("[data-age]")) remember(box, Number(box.dataset.age));
  connect();
  setInterval(judge, 500);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", wake);
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  window.addEventListener("pagehide", () => source?.close());
}

function address(path) {
  return `${path}?page=${encodeURIComponent(page)}&after=${seen}`;
}

function connect() {
  source?.close();
  source = new EventSource(address(document.body.dataset.live));
  source.addEventListener("news", (event) => {
    seen = Number(event.lastEventId) || seen;
    takeNews(JSON.parse(event.data));
  });
  source.addEventListener("pulse", (event) => takePulse(JSON.parse(event.data)));
  source.addEventListener("problem", (event) => {
    setText(document.querySelector("[data-problem]"), JSON.parse(event.data).text);
  });
  source.addEventListener("signed-out", () => {
    source.close();
    location.reload();
  });
  source.onopen = () => {
    clearInterval(polling);
    polling = null;
  };
  source.onerror = () => {
    // While it is connecting the browser tries again by itself; closed means it was refused.
    if (source.readyState === EventSource.CLOSED) refused();
  };
}

async function refused() {
  if (await poll()) {
    polling ??= setInterval(poll, POLL_MS);
    setTimeout(connect, TRY_STREAM_MS);
  } else {
    setTimeout(connect, RETRY_MS);
  }
}

async function poll() {
  try {
    const answer = await fetch(address(`${document.body.dataset.live}/changes`), {
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(POLL_MS),
    });
    if (answer.status === 401) location.reload();
    if (!answer.ok) return false;
    const news = await answer.json();
    seen = news.id;
    takeNews(news);
    takePulse(news.pulse);
    return true;
  } catch {
    return false;
  }
}

function wake() {
  if (document.visibilityState !== "visible") return;
  judge();
  if (secondsSince(pulseAt) > DEAD_S) connect();
}

function takeNews({ parts, reload }) {
  const missing = Object.keys(parts).some((id) => !document.getElementById(id));
  if (reload || missing) {
    location.reload();
    return;
  }
  for (const [id, html] of Object.entries(parts)) {
    const part = document.getElementById(id);
    morph(part, html);
    const now = document.getElementById(id);
    if (now?.dataset.age) remember(now, Number(now.dataset.age));
  }
  tick();
  judge();
}

function takePulse({ now, boxes }) {
  pulseAt = nowBoth();
  setNurseryNow(now);
  setText(document.querySelector("[data-problem]"), "");
  for (const [id, { age_s, level }] of Object.entries(boxes)) {
    const box = document.querySelector(`[data-box="${id}"]`);
    if (!box) continue;
    if (age_s !== null) remember(box, age_s);
    const bar = box.querySelector("[data-level]");
    bar?.setAttribute("y", 40 - level * 0.4);
    bar?.setAttribute("height", level * 0.4);
  }
  judge();
}

// The moments at which each box's newest word was spoken, by both clocks.
const heard = new Map();

function remember(box, ageSeconds) {
  const [steady, wall] = nowBoth();
  heard.set(box.dataset.box, [steady - ageSeconds * 1000, wall - ageSeconds * 1000]);
}

// Say what is known by now; nothing that grew old is shown as if it were of this moment.
function judge() {
  const silent = secondsSince(pulseAt);
  const dead = silent > DEAD_S;
  document.body.classList.toggle("link-lost", dead);
  const alarm = document.querySelector(".link-dead");
  if (alarm) alarm.hidden = !dead;
  setText(document.querySelector("[data-dead-for]"), `for ${lasting(silent)}`);
  const link = document.querySelector("[data-link]");
  link?.classList.toggle("dead", dead);
  link?.classList.toggle("live", !dead);
  setText(document.querySelector("[data-link-words]"), dead ? "No link" : polling ? "In touch" : "Live");
  for (const box of document.querySelectorAll("[data-box]")) {
    const moment = heard.get(box.dataset.box);
    if (!moment) continue;
    const age = secondsSince(moment);
    const silentEar = ["no_word", "never"].includes(box.dataset.ear);
    box.classList.toggle("stale", age > STALE_S && !silentEar);
    setText(box.querySelector("[data-word]"), age < 2 ? "heard just now" : `heard ${lasting(age)} ago`);
    setText(box.querySelector("[data-stale-for]"), lasting(age));
  }
}
