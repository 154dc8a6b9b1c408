// The page of a batch in a browser: what is pressed, read and waited for.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** How long anything may take before it counts as never. */
const NEVER_MS = 120_000;

/** A TRON address that nobody has the key of. */
export function madeUpAddress(number) {
  const bytes = Buffer.alloc(21);
  bytes[0] = 0x41;
  bytes.writeUInt32BE(number + 1, 17);
  const hash = (of) => createHash("sha256").update(of).digest();
  const whole = Buffer.concat([bytes, hash(hash(bytes)).subarray(0, 4)]);
  let text = "";
  for (let value = BigInt(`0x${whole.toString("hex")}`); value > 0n; value /= 58n) {
    text = ALPHABET[Number(value % 58n)] + text;
  }
  return text;
}

/** Hands in a list with the form; ends where the answer to it is. */
export async function handIn(page, place, name, csv) {
  await page.goto(place);
  await page.fill("[name=name]", name);
  await paste(page, "[name=csv]", csv);
  await page.click("main button.primary");
  await page.waitForSelector("#state, #faults");
  // A long answer is shown while the rest of it still comes.
  await page.waitForLoadState();
}

/** Pastes a text as a person does: ten thousand lines that are typed would take minutes. */
async function paste(page, into, text) {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await page.focus(into);
  await page.keyboard.press("Control+V");
}

/** Presses a button, which leads to the page as it is afterwards. */
export async function press(page, act) {
  await page.click(`#act-${act} button`);
  await page.waitForURL(new RegExp(`done=batch-${act}`));
}

/** Rows that have come to their end, as the page shows it. */
export const bar = (page) => page.$eval("#bar", (element) => element.value);

/** Waits until so many rows have come to their end. */
export const reaches = (page, rows) => page.waitForFunction(
  (least) => document.querySelector("#bar")?.value >= least, rows, { timeout: NEVER_MS });

/** Waits until the batch is in a state. */
export const becomes = (page, state) => page.waitForFunction(
  (wanted) => document.querySelector("#state")?.textContent === wanted, state, { timeout: NEVER_MS });

/** Waits until no row is in a stage. */
export const leaves = (page, stage) => page.waitForFunction(
  (word) => !document.querySelector(`.chips a[href$="stage=${word}"]`), stage, { timeout: NEVER_MS });

/** Waits until the dry run has ended. */
export const isChecked = (page) => page.waitForSelector("#dry-finished", { timeout: NEVER_MS });

/** The rows of a batch as its file has them: one object for each. */
export async function exported(page, place) {
  const csv = await page.evaluate(async (href) => (await fetch(href)).text(), `${place}/rows.csv`);
  const [head, ...rows] = csv.trim().split("\r\n").map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index]])));
}

/** What the largest of a browser's renderers holds for itself alone, in bytes. */
export async function largestRenderer(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const held = await Promise.all(renderers.map(async ({ id }) => {
    const lines = (await readFile(`/proc/${id}/smaps_rollup`, "utf8")).split("\n");
    const own = lines.filter((line) => /^Private_(Clean|Dirty):/.test(line));
    return own.reduce((sum, line) => sum + 1024 * Number(line.match(/\d+/)[0]), 0);
  }));
  return Math.max(...held);
}
