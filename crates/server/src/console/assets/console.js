// What pages do beside being read: times in the viewer's zone, copying. Every page works without it.
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

showTimes(document);
new MutationObserver(() => showTimes(document)).observe(document.body, {
  childList: true,
  subtree: true,
});
