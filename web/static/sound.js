// Play a cry from the list: one at a time, and a second tap stops it.

const sound = new Audio();
let button = null;

sound.addEventListener("ended", rest);
sound.addEventListener("error", rest);

export function play(event) {
  const tapped = event.target.closest?.("[data-play]");
  if (!tapped) return;
  event.preventDefault();
  const again = tapped === button;
  sound.pause();
  rest();
  if (again) return;
  button = tapped;
  button.setAttribute("aria-pressed", "true");
  sound.src = tapped.href;
  sound.play().catch(rest);
}

function rest() {
  button?.removeAttribute("aria-pressed");
  button = null;
}
