// Measures the console against a release build, for the table of docs/console.md:
// measure.mjs BINARY [ORDERS_A_SECOND] [SECONDS]
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { handIn, largestRenderer, madeUpAddress } from "./batch_page.mjs";
import { launch, openPage, signIn } from "./browser.mjs";
import { order, startWorld } from "./world.mjs";

const [binary, rate = 200, seconds = 20] = process.argv.slice(2);
const ORDERS = Number(rate) * Number(seconds);
const NEVER_MS = 180_000;
const ROWS_MAX = 10_000;

const data = await mkdtemp(join(tmpdir(), "sunsweep-measure-"));
const world = await startWorld(binary, { data, addresses: ORDERS, blockTimeMs: 1_000 });
const browser = await launch();
const at = (place) => `${world.console.url}${place}`;
try {
  const page = await openPage(browser);
  await signIn(page, world, world.console.people[1]);
  const storageState = await page.context().storageState();
  console.log(`${cpus().length} cores, ${cpus()[0].model}`);
  for (let view = 0; view < 3; view += 1) await firstView(storageState);
  await assets(storageState);
  await followed(page);
  await handIn(page, at("/batches/new"), "ten thousand",
    Array.from({ length: ROWS_MAX }, (_, row) => `${madeUpAddress(row)},,row ${row}`).join("\n"));
  await held(storageState, page.url());
} finally {
  await browser.close();
  await world.stop();
  await rm(data, { recursive: true, force: true });
}

/** How soon a browser that has kept nothing can be used. */
async function firstView(storageState) {
  const page = await openPage(browser, { storageState });
  await page.goto(at("/overview"), { waitUntil: "load" });
  const times = await page.evaluate(() => {
    const { domInteractive, domContentLoadedEventEnd, loadEventEnd } =
      performance.getEntriesByType("navigation")[0];
    return [domInteractive, domContentLoadedEventEnd, loadEventEnd].map(Math.round);
  });
  console.log(`first view: read ${times[0]} ms, interactive ${times[1]} ms, drawn ${times[2]} ms`);
  await page.context().close();
}

/** What a view with charts loads beside itself, compressed. */
async function assets(storageState) {
  const page = await openPage(browser, { storageState });
  const bodies = [];
  page.on("response", (response) => {
    if (response.url().includes("/assets/")) bodies.push(response.body());
  });
  await page.goto(at("/overview"), { waitUntil: "load" });
  const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body).length);
  const kilobytes = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1_000);
  console.log(`assets: ${sizes.length} files, ${kilobytes} kB compressed`);
  await page.context().close();
}

/** Orders at a pace, seen from one open page; its counts and the list's rows at the end. */
async function followed(page) {
  await page.goto(at("/overview"));
  await page.waitForSelector("#live[data-state=live]");
  const began = performance.now();
  const placed = [];
  for (let number = 0; number < ORDERS; number += 1) {
    const wait = began + (number * 1_000) / Number(rate) - performance.now();
    if (wait > 0) await new Promise((resolve) => { setTimeout(resolve, wait); });
    placed.push(order(world, number));
  }
  const serials = (await Promise.all(placed)).map(({ serial }) => serial);
  const took = (performance.now() - began) / 1_000;
  await page.waitForFunction((orders) =>
    Number(document.querySelector("#orders").textContent.replaceAll(",", "")) === orders
    && document.querySelector('[data-outcome="outcome.filling"]') === null, ORDERS, { timeout: NEVER_MS });
  const after = (performance.now() - began) / 1_000 - took;
  console.log(`${ORDERS} orders in ${took.toFixed(1)} s; ${after.toFixed(1)} s later the open page shows all filled`);
  await page.goto(at("/orders"));
  const shown = new Set();
  for (let older = true; older; older = await page.$("a[rel=next]")) {
    if (older !== true) await Promise.all([page.waitForNavigation(), older.click()]);
    for (const serial of await page.locator("tbody th a").allTextContents()) shown.add(serial);
  }
  const missing = serials.filter((serial) => !shown.has(serial)).length;
  console.log(`the list has ${shown.size} rows, ${missing} are missing`);
}

/** What the pages of a batch hold in a browser that has seen nothing else. */
async function held(storageState, place) {
  const other = await launch();
  try {
    const page = await openPage(other, { storageState });
    await page.goto(place);
    for (const turn of ["Next", "Last", "Previous", "First"]) {
      await Promise.all([page.waitForNavigation(), page.click(`.pages >> text="${turn}"`)]);
    }
    const mebibytes = Math.round(await largestRenderer(other) / 1024 / 1024);
    console.log(`pages of ${ROWS_MAX} rows: the renderer holds ${mebibytes} MiB`);
  } finally {
    await other.close();
  }
}
