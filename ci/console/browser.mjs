// A browser with one person in it.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const STEP_MS = 30_000;
const WAIT_MAX_MS = 60_000;
const lastStep = new Map();

/** Starts Debian's Chromium. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A code that this person has not used: each works once, and one step early or late is good. */
export function oneTimeCode(secret) {
  const now = Math.floor(Date.now() / STEP_MS);
  const step = Math.max(now - 1, (lastStep.get(secret) ?? 0) + 1);
  if (step > now + 1) throw new Error("every code of this minute was used");
  lastStep.set(secret, step);
  return codeOf(secret, step);
}

// RFC 6238, for a secret in base 32.
function codeOf(secret, step) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter));
  const joined = bits.map((value) => value.toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(joined.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac("sha1", key).update(counter).digest();
  const word = hash.readUInt32BE(hash[hash.length - 1] & 15) & 0x7fffffff;
  return String(word % 1_000_000).padStart(6, "0");
}

/** A page in a browser of its own; whatever goes wrong on it is kept in `page.problems`. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({
    locale: "en-GB",
    timezoneId: "Asia/Shanghai",
    viewport: { width: 1280, height: 860 },
    ...options,
  });
  context.setDefaultTimeout(WAIT_MAX_MS);
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    page.problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && text.includes("Content Security Policy")) {
      page.problems.push(text);
    }
  });
  return page;
}

/** Signs a person in, from the form. */
export async function signIn(page, world, person) {
  await page.goto(`${world.console.url}/sign-in`);
  await fillSignIn(page, person);
  await page.waitForSelector("nav");
}

/** Fills the form that is shown, and sends it. */
export async function fillSignIn(page, person) {
  await page.fill("[name=name]", person.name);
  await page.fill("[name=password]", person.password);
  await page.fill("[name=code]", oneTimeCode(person.totp_secret));
  await page.click("main button.primary");
}

/** What axe-core finds wrong with the page as it is, as lines. */
export async function accessibilityProblems(page) {
  // Evaluated by the debugger, so that the page's policy stays as it is.
  await page.evaluate(axeSource);
  const found = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags }), WCAG);
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}
