// Amounts by the thumb: less and more, one tap for a value that is offered, the same for all.
// Without it every amount is a field to type into.

export function startAmounts() {
  for (const each of document.querySelectorAll(".stepper [hidden], .near[hidden], [data-everyone][hidden]")) {
    each.hidden = false;
  }
}

export function step(event) {
  const button = event.target.closest(".stepper [data-by], .near button");
  if (!button) return;
  const field = button.closest(".near") ? named(button.closest(".near").dataset.fills) : fieldOf(button);
  if (button.dataset.by) fill(field, stepped(field, Number(button.dataset.by)));
  else fill(field, button.value);
}

function fieldOf(button) {
  return button.closest(".stepper").querySelector("input");
}

function named(name) {
  return document.querySelector(`[name="${name}"]`);
}

function stepped(field, by) {
  const size = Number(field.closest(".stepper").dataset.step);
  const from = Number(field.value.replace(",", ".")) || usualOf(field);
  return String(Math.max(0, Math.round((from + by * size) / size) * size));
}

// An empty field of all begins where the first line stands.
function usualOf(field) {
  const everyone = field.closest("[data-everyone]");
  const first = everyone && document.querySelector(`.lines [name^="${everyone.dataset.everyone}-"]`);
  return Number(first?.value.replace(",", ".")) || 0;
}

function fill(field, value) {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function follow(event) {
  const field = event.target;
  const everyone = field.closest("[data-everyone]");
  if (everyone) {
    for (const one of document.querySelectorAll(`.lines [name^="${everyone.dataset.everyone}-"]`)) {
      if (one.closest(".line").querySelector("[name=animal]")?.checked !== false) one.value = field.value;
    }
  }
  for (const offered of document.querySelectorAll(`.near[data-fills="${field.name}"] button`)) {
    offered.setAttribute("aria-pressed", Number(offered.value) === Number(field.value.replace(",", ".")));
  }
  if (field.type === "radio" && field.name.startsWith("how-")) drank(field);
}

// Whoever did not drink all of it drank less than what stands there: half is nearer than all. What
// was typed since stays.
function drank(radio) {
  const field = named(radio.name.replace("how-", "ml-"));
  if (!field) return;
  const amount = Number(field.value.replace(",", "."));
  if (radio.value === "short" && amount && field.dataset.half !== field.value) {
    field.dataset.whole = field.value;
    field.value = field.dataset.half = String(Math.round(amount) / 2);
  } else if (radio.value === "full" && field.value === field.dataset.half) {
    field.value = field.dataset.whole;
  }
  field.closest(".stepper").classList.toggle("off", radio.value === "refused");
}
