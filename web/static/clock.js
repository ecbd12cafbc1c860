// Ages and durations, counted by the page itself, in the words of web/times.py.

const pageStarted = Date.now();
// How far this phone's clock is from the nursery's; put right by every pulse.
let ahead = Date.parse(document.body.dataset.now) - pageStarted;

export function nurseryNow() {
  return Date.now() + ahead;
}

export function setNurseryNow(text) {
  ahead = Date.parse(text) - Date.now();
}

export function lasting(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 10) return whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

export function ago(seconds) {
  if (seconds < -60) return `in ${coarse(-seconds)}`;
  return seconds < 5 ? "just now" : `${coarse(seconds)} ago`;
}

function coarse(seconds) {
  return seconds < 90 ? `${Math.floor(seconds)} s` : lasting(Math.floor(seconds / 60) * 60);
}

export function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

export function tick() {
  const now = nurseryNow();
  for (const each of document.querySelectorAll("time[data-ago]")) {
    setText(each, ago((now - Date.parse(each.dateTime)) / 1000));
  }
  for (const each of document.querySelectorAll("[data-since]")) {
    if (each.closest(".link-lost, .stale")) continue; // nobody knows whether it goes on
    setText(each, lasting((now - Date.parse(each.dataset.since)) / 1000));
  }
  for (const each of document.querySelectorAll("[data-left]")) {
    setText(each, lasting((Date.parse(each.dataset.left) - now) / 1000));
  }
  for (const each of document.querySelectorAll("[data-until]")) {
    const left = (Date.parse(each.dataset.until) - now) / 1000;
    setText(each, left > 0 ? `stay ${lasting(left)} more` : "how did it go?");
  }
}

export function startClock() {
  setInterval(tick, 1000);
}
