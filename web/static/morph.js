// Change a piece of the page into its new form in place, so that focus, scroll, what is being
// typed, opened details and playing sound all stay.

export function morph(old, html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  const fresh = holder.content.firstElementChild;
  if (fresh) become(old, fresh);
}

function become(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || keyOf(old) !== keyOf(fresh)) {
    old.replaceWith(fresh);
  } else if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else if (!old.isEqualNode(fresh) && !(old.localName === "audio" && !old.paused)) {
    takeAttributes(old, fresh);
    takeChildren(old, fresh);
  }
}

function takeAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isTheReaders(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isTheReaders(old, name)) old.setAttribute(name, value);
  }
}

// Whether details are open is for the reader to say, not for the news.
function isTheReaders(element, name) {
  return element.localName === "details" && name === "open";
}

function takeChildren(old, fresh) {
  const kept = new Map();
  for (const child of old.children) if (keyOf(child)) kept.set(keyOf(child), child);
  let place = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const found = keyOf(wanted) && kept.get(keyOf(wanted));
    if (found) {
      if (found === place) place = place.nextSibling;
      else old.insertBefore(found, place);
      become(found, wanted);
    } else if (place && !keyOf(place) && place.nodeType === wanted.nodeType && place.nodeName === wanted.nodeName) {
      const next = place.nextSibling;
      become(place, wanted);
      place = next;
    } else {
      old.insertBefore(wanted, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function keyOf(node) {
  return node.id || "";
}
