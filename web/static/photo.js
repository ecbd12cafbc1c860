// A photo is made small on the phone: a face needs no four megabytes, and a Pi's card has few.
import { addToast } from "./taps.js";

const SIDE = 640; // px, of the longer side
const MOST_BYTES = 290_000; // the journal takes 300 kB
const QUALITIES = [0.85, 0.7, 0.5, 0.35];
const PATIENCE_MS = 30000;

export async function takePhoto(event) {
  const form = event.target.closest("form[data-photo]");
  if (!form || !event.target.files?.length) return;
  form.setAttribute("aria-busy", "true");
  try {
    const body = new FormData(form);
    body.set("photo", await small(event.target.files[0]), "photo.jpg");
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { "X-Wants": "page" },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const place = answer.headers.get("X-Go");
    if (!place) throw new Error(`status ${answer.status}`);
    if (place === location.pathname) location.reload();
    else location.assign(place);
  } catch {
    addToast("", "The photo did not reach the nursery. Try it once more.");
  } finally {
    form.removeAttribute("aria-busy");
    event.target.value = "";
  }
}

// What the browser cannot read is sent as it is: the nursery says what is wrong with it.
async function small(file) {
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  const share = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * share));
  canvas.height = Math.max(1, Math.round(picture.height * share));
  const brush = canvas.getContext("2d");
  brush.fillStyle = "white"; // under what is transparent
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
  for (const quality of QUALITIES) {
    const made = await new Promise((take) => canvas.toBlob(take, "image/jpeg", quality));
    if (made && made.size <= MOST_BYTES) return made;
  }
  return file;
}
