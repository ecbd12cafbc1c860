// What the pages do by themselves: count ages, tap without leaving, follow the nursery live.
// Everything works without it, by forms and reloading.
import { follow } from "./live.js";
import { showToast, tap } from "./taps.js";
import { startClock } from "./clock.js";
import { play } from "./sound.js";
import { keep } from "./kept.js";
import { takePhoto } from "./photo.js";
import { follow as followAmount, startAmounts, step } from "./amounts.js";

startClock();
document.addEventListener("submit", tap);
document.addEventListener("submit", keep);
document.addEventListener("click", play);
document.addEventListener("click", step);
document.addEventListener("input", followAmount);
document.addEventListener("change", takePhoto);
document.addEventListener("fresh-main", startAmounts);
startAmounts();
document.querySelectorAll("[data-toast]").forEach(showToast);
for (const chosen of document.querySelectorAll(".groups [aria-current], .kinds [aria-current]")) {
  chosen.scrollIntoView({ block: "nearest", inline: "center" });
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
if (document.body.dataset.live) follow();
