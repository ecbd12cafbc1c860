// Forms whose typing is never lost: sent in the background, so that a dead link, a restart or a
// refusal leaves every field as it is.
import { addToast } from "./taps.js";

const PATIENCE_MS = 15000;

export async function keep(event) {
  const form = event.target;
  if (!form.matches("form[data-kept]")) return;
  event.preventDefault();
  const button = event.submitter;
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  try {
    let answer = await send(form, button);
    if (answer.status === 400 && (await freshToken(form))) answer = await send(form, button);
    await take(form, answer);
  } catch {
    addToast("", "That did not reach the nursery. What you typed is still here; try again.");
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function send(form, button) {
  const body = new FormData(form);
  if (button?.name) body.append(button.name, button.value);
  return fetch(button?.hasAttribute("formaction") ? button.formAction : form.action, {
    method: "POST",
    body,
    headers: { "X-Wants": "page" },
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

async function take(form, answer) {
  if (answer.headers.has("X-Go")) {
    location.assign(answer.headers.get("X-Go"));
  } else if (answer.status === 401) {
    addToast("", "You were signed out meanwhile. Sign in again in another tab; what you typed stays here.");
  } else if (answer.ok || answer.status === 422) {
    replaceMain(await answer.text());
  } else {
    throw new Error(`status ${answer.status}`);
  }
}

function replaceMain(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("main");
  document.querySelector("main").replaceWith(fresh);
  document.querySelector(".toasts").replaceChildren(); // of an earlier try
  document.dispatchEvent(new Event("fresh-main"));
  const first = fresh.querySelector("[data-look], [role=alert], .error");
  first?.scrollIntoView({ block: "center" });
}

// The page stood open over a new sign-in: its token is old, what was typed is not.
async function freshToken(form) {
  const answer = await fetch(location.href, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("main [name=csrf_token]")?.value;
  if (!answer.ok || !token || token === form.elements.csrf_token.value) return false;
  form.elements.csrf_token.value = token;
  return true;
}
