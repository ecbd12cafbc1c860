// One tap: sent in the background, answered by a toast that takes it back.

const SHOWN_MS = 9000;
const ASKING_MS = 60000;
const PATIENCE_MS = 10000;

export async function tap(event) {
  const form = event.target;
  if (!form.matches("form[data-tap]")) return;
  event.preventDefault();
  const button = event.submitter;
  if (button?.getAttribute("aria-busy") === "true") return;
  const body = new FormData(form);
  if (button?.name) body.append(button.name, button.value);
  button?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(button?.hasAttribute("formaction") ? button.formAction : form.action, {
      method: "POST",
      body,
      headers: { "X-Wants": "toast" },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.status === 401) location.reload(); // signed out meanwhile
    const text = await answer.text();
    if (!answer.headers.get("X-Toast")) throw new Error(`status ${answer.status}`);
    addToast(text);
    form.closest("[data-toast]")?.remove();
    if (answer.ok && !document.body.dataset.page) location.reload();
  } catch {
    addToast("", "That did not reach the nursery. Nothing is written; try again.");
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

export function addToast(html, words) {
  const place = document.querySelector(".toasts");
  if (words) {
    const toast = document.createElement("div");
    toast.className = "toast wrong";
    toast.append(Object.assign(document.createElement("p"), { textContent: words }));
    place.replaceChildren(toast);
  } else {
    place.innerHTML = html;
  }
  showToast(place.firstElementChild);
}

export function showToast(toast) {
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 1500) : toast.remove());
  setTimeout(leave, "stay" in toast.dataset ? ASKING_MS : SHOWN_MS);
}
