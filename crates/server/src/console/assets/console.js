// What pages do beside being read: times in the viewer's zone, copying, following what happens. Every
// page works without it.
"use strict";

// Moments are written in UTC; whoever looks reads them in their own zone.
const localTime = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium",
  timeStyle: "medium",
});

function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (time.dataset.shown === time.dateTime || Number.isNaN(moment.getTime())) continue;
    time.title = moment.toISOString();
    time.textContent = localTime.format(moment);
    time.dataset.shown = time.dateTime;
  }
}

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  await navigator.clipboard.writeText(source.textContent.trim());
  const label = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = label; }, 2000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

// Only one menu is open, and it closes when something else is clicked or Escape is pressed.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Days that are typed begin where their reader is; without this they are those of UTC.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const place of document.querySelectorAll("[data-zone]")) place.textContent = zone;

function fillMidnights(form) {
  for (const field of form.querySelectorAll("[data-midnight]")) {
    const day = form.elements[field.dataset.midnight].value;
    const midnight = new Date(`${day}T00:00`);
    midnight.setDate(midnight.getDate() + Number(field.dataset.days));
    field.value = day === "" ? "" : String(midnight.getTime());
  }
}

showTimes(document);
// On a telephone the navigation is wider than the screen: where we are is what is seen of it.
document.querySelector("nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
// A page that follows what happens gets its moments in UTC again.
new MutationObserver(() => showTimes(document)).observe(document.body, {
  characterData: true,
  childList: true,
  subtree: true,
});

// Between a click and the next page a bar says that something is on its way; if it takes its time, words
// say so, too. What was sent is not sent again meanwhile.
const BUSY_WORDS_AFTER_MS = 400;
const busyWords = document.getElementById("busy");
let busyTimer;

function setBusy(isBusy) {
  document.documentElement.toggleAttribute("data-busy", isBusy);
  document.getElementById("main").setAttribute("aria-busy", String(isBusy));
  clearTimeout(busyTimer);
  busyWords.textContent = "";
  if (!isBusy) return;
  busyTimer = setTimeout(() => { busyWords.textContent = busyWords.dataset.words; }, BUSY_WORDS_AFTER_MS);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  fillMidnights(form);
  if (form.hasAttribute("data-download")) return;
  if (form.hasAttribute("data-sent")) event.preventDefault();
  form.toggleAttribute("data-sent", true);
  setBusy(true);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]:not([download])");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (link && isPlain && link.pathname !== location.pathname) setBusy(true);
});
window.addEventListener("pageshow", () => {
  setBusy(false);
  for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
});

// Pages that follow what happens. An event is the changing part of the page as it is now, so whoever
// missed some has missed nothing after the next one. Where events do not get through, the page asks.
const POLL_EVERY_MS = 5_000;
const RETRY_AFTER_MS = 7_000;
const FAILURES_MAX = 2;
// The server gives a sign of life every ten seconds; a connection that died silently gives none.
const SILENCE_MAX_MS = 25_000;

class Follower {
  constructor(content, badge) {
    this.content = content;
    this.badge = badge;
    this.failures = 0;
    this.text = "";
    window.addEventListener("online", () => this.connect());
    window.addEventListener("offline", () => {
      this.disconnect();
      this.show("reconnecting");
    });
    // A browser has few connections for one place: pages that nobody looks at leave theirs to others.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.disconnect();
      else this.connect();
    });
    window.addEventListener("pagehide", () => this.disconnect());
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.connect(); });
    this.show("connecting");
    if (!document.hidden) this.connect();
  }

  show(state) {
    this.badge.dataset.state = state;
    this.badge.textContent = this.badge.dataset[state];
  }

  disconnect() {
    this.leave();
    clearInterval(this.poller);
    this.poller = undefined;
  }

  leave() {
    this.source?.close();
    clearTimeout(this.retry);
    clearTimeout(this.silence);
  }

  connect() {
    this.leave();
    const page = encodeURIComponent(location.pathname + location.search);
    this.source = new EventSource(`${this.content.dataset.live}?page=${page}`);
    this.source.addEventListener("open", () => this.hear());
    this.source.addEventListener("alive", () => this.hear());
    this.source.addEventListener("fragment", (event) => {
      this.hear();
      this.swap(event.data);
    });
    this.source.addEventListener("signed-out", () => location.reload());
    this.source.addEventListener("error", () => this.fail());
  }

  hear() {
    this.failures = 0;
    clearInterval(this.poller);
    this.poller = undefined;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.fail(), SILENCE_MAX_MS);
    this.show("live");
  }

  fail() {
    this.failures += 1;
    this.leave();
    this.retry = setTimeout(() => this.connect(), this.failures === 1 ? 1_000 : RETRY_AFTER_MS);
    if (this.poller !== undefined) return;
    this.show("reconnecting");
    if (this.failures >= FAILURES_MAX) {
      this.poller = setInterval(() => this.poll(), POLL_EVERY_MS);
      this.poll();
    }
  }

  async poll() {
    const headers = { "hx-request": "true", "sunsweep-by-itself": "true" };
    try {
      const answer = await fetch(location.pathname + location.search, { headers });
      if (answer.status === 401) location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      this.swap(await answer.text());
      this.show("polling");
    } catch {
      this.show("reconnecting");
    }
  }

  swap(text) {
    if (text === this.text) return;
    this.text = text;
    htmx.swap({ text, target: this.content, sourceElement: this.content, swap: "innerMorph" });
  }
}

const followed = document.querySelector('#content:not([data-live=""])');
if (followed) new Follower(followed, document.getElementById("live"));
