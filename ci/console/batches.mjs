// Batches as their readers use them, in a world of their own that is stopped and goes on in between.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  bar, becomes, exported, handIn, isChecked, largestRenderer, leaves, madeUpAddress, press, reaches,
} from "./batch_page.mjs";
import { launch, oneTimeCode, openPage, signIn } from "./browser.mjs";
import { check, sound } from "./suite.mjs";
import { freePort, startWorld } from "./world.mjs";

const ROWS = 1_000;
const ROWS_MAX = 10_000;
const ROWS_ON_PAGE = 100;
const CSV_BYTES_MAX = 2 * 1024 * 1024;
const MEMORY_BYTES_MAX = 150 * 1024 * 1024;
const EVIL = "<script>alert(1)</script>";
const PASSWORD = "four words that differ";
const PHONE = { width: 390, height: 844 };

/** Runs every check, each going on where the one before it ended. */
export async function batches(browser, binary) {
  const data = await mkdtemp(join(tmpdir(), "sunsweep-batches-"));
  const stage = new Stage(browser, binary, data);
  try {
    await stage.open();
    for (const [name, run] of CHECKS) await check(name, () => run(stage));
  } finally {
    await stage.world?.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** A world, somebody of its merchant's, and the batch that is looked at. */
class Stage {
  constructor(browser, binary, data) {
    Object.assign(this, { browser, binary, data });
  }

  async open() {
    // The same port after a restart: the open page goes on where it was.
    this.listen = `127.0.0.1:${await freePort()}`;
    await this.start();
    const [operator, member] = this.world.console.people;
    this.operator = operator;
    this.page = await openPage(this.browser);
    await signIn(this.page, this.world, member);
    const recipient = this.world.recipient_with_usdt;
    this.lines = this.world.payment_addresses.map(({ address }, index) =>
      `${address},${recipient},${index === 0 ? "=1+1" : `payer ${index}`}`);
  }

  async start() {
    const { data, listen } = this;
    this.world = await startWorld(this.binary, { data, listen, addresses: ROWS, blockTimeMs: 300 });
  }

  /** The address of a place in the console. */
  at(place) {
    return `${this.world.console.url}${place}`;
  }
}

async function everyFaultIsTold(stage) {
  const { page, lines } = stage;
  await page.goto(stage.at("/batches"));
  await page.waitForSelector(".empty");
  await sound(page, "no batches");
  await page.goto(stage.at("/batches/new"));
  await sound(page, "a new batch");
  const bad = [lines[0], lines[0], `x${EVIL}`, `${madeUpAddress(1)},,${EVIL}`];
  await handIn(page, stage.at("/batches/new"), EVIL, bad.join("\n"));
  assert.deepEqual(await page.locator("a[data-line]").allTextContents(), ["2", "3", "4"]);
  assert.equal(await page.inputValue("[name=csv]"), bad.join("\n"));
  assert.equal(await page.inputValue("[name=name]"), EVIL);
  await sound(page, "faults");
  await page.focus("a[data-line='3']");
  await page.keyboard.press("Enter");
  assert.equal(await selected(page), bad[2], "a fault leads to its line");
  const wrong = Array.from({ length: ROWS_MAX }, (_, row) => `x${row}`);
  await handIn(page, stage.at("/batches/new"), "wrong", wrong.join("\n"));
  assert.equal(await page.locator("a[data-line]").count(), ROWS_MAX);
  await page.click(`a[data-line="${ROWS_MAX}"]`);
  assert.equal(await selected(page), wrong.at(-1));
}

const selected = (page) => page.$eval("#csv", (area) =>
  area.value.slice(area.selectionStart, area.selectionEnd));

async function aFileBecomesADraft(stage) {
  const { page } = stage;
  await page.goto(stage.at("/batches/new"));
  const long = join(stage.data, "long.csv");
  await writeFile(long, "x".repeat(CSV_BYTES_MAX + 1));
  await page.setInputFiles("input[type=file]", long);
  await page.waitForFunction(() => document.querySelector("#csv").validationMessage.includes("2 MiB"));
  const list = ["address,recipient,reference", ...stage.lines].join("\n");
  const dropped = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "june.csv", { type: "text/csv" }));
    return transfer;
  }, list);
  await page.dispatchEvent("main form", "drop", { dataTransfer: dropped });
  await page.waitForFunction((length) => document.querySelector("#csv").value.length === length, list.length);
  await page.fill("[name=name]", `June ${EVIL}`);
  await page.click("main button.primary");
  await page.waitForSelector("#state");
  stage.batch = new URL(page.url()).pathname;
  stage.place = new URL(page.url()).origin + stage.batch;
  assert.equal(await page.textContent("#state"), "Draft");
  assert.equal(await bar(page), 0);
  await sound(page, "a draft");
}

async function aDryRunSaysWhatItWouldCost({ page }) {
  await press(page, "dry-run");
  await isChecked(page);
  const texts = await Promise.all(["#dry-price", "#dry-burn"].map((id) => page.textContent(id)));
  const [price, burn] = texts.map((text) => Number(text.replace(/[^\d.]/g, "")));
  assert.ok(price > 0 && price < burn, `${price} ${burn}`);
  await sound(page, "a dry run");
}

async function itPausesAndGoesOn({ page }) {
  await press(page, "start");
  await reaches(page, 50);
  await press(page, "pause");
  await becomes(page, "Paused");
  // What is under way still becomes ready; nothing else does.
  await leaves(page, "filling");
  const rows = await bar(page);
  assert.ok(rows < ROWS, `${rows} rows were done already`);
  assert.match(await page.textContent("#hindrance"), /Paused by a person/);
  await sound(page, "paused");
  await page.reload();
  assert.equal(await bar(page), rows, "a paused batch stands still");
  await press(page, "resume");
  await reaches(page, rows + 50);
}

async function itSurvivesARestart(stage) {
  const { page } = stage;
  const operators = await openPage(stage.browser);
  await signIn(operators, stage.world, stage.operator);
  await operators.goto(stage.at("/audit"));
  await operators.click("#prove [value=offline]");
  const found = await operators.textContent("#ended .figures");
  const before = await bar(page);
  assert.ok(before < ROWS, "it was over before the restart");
  await stage.world.stop();
  await page.waitForSelector("#live[data-state=reconnecting]");
  await stage.start();
  await reaches(page, Math.min(ROWS, before + 50));
  await operators.goto(stage.at("/audit"));
  assert.equal(await operators.textContent("#ended .figures"), found, "what an audit found is kept");
  await operators.context().close();
}

/** Nothing loads the page again between the restart and the end, so what it shows came by itself. */
async function thePageMissesNothing({ page, place }) {
  await page.evaluate(() => {
    globalThis.bars = [];
    const note = () => globalThis.bars.push(document.querySelector("#bar").value);
    new MutationObserver(note).observe(document.querySelector("#content"),
      { attributes: true, childList: true, subtree: true });
  });
  await becomes(page, "Finished");
  assert.equal(await bar(page), ROWS);
  const bars = await page.evaluate(() => globalThis.bars);
  assert.deepEqual(bars, bars.toSorted((one, other) => one - other), "it went backwards");
  const rows = await exported(page, place);
  assert.equal(rows.length, ROWS);
  assert.equal(new Set(rows.map((row) => row.order)).size, ROWS, "one order each");
  assert.equal(rows[0].reference, "'=1+1", "a formula is disarmed");
  for (const { number, stage, order, txids } of rows.slice(0, ROWS_ON_PAGE)) {
    const [tag, text, links] = await page.$eval(`#row-${number}`, (row) =>
      [row.querySelector(".tag").textContent, row.textContent, row.innerHTML]);
    assert.equal(tag.toLowerCase(), stage, `row ${number}`);
    assert.ok(links.includes(`/orders/${order}"`), `row ${number}`);
    for (const txid of txids.split(" ")) assert.ok(text.includes(txid), `row ${number}: ${txid}`);
  }
  await sound(page, "finished");
  const counts = new Map();
  for (const { ready } of rows) counts.set(ready.slice(0, 19), (counts.get(ready.slice(0, 19)) ?? 0) + 1);
  console.log(`    up to ${Math.max(...counts.values())} rows became ready in one second`);
}

async function rowsAreFound({ page, place }) {
  await page.goto(place);
  await page.fill("[name=q]", "PAYER 77");
  await page.click("[role=search] button");
  await page.waitForURL(/q=PAYER/);
  assert.equal(await page.locator("tbody tr").count(), 11, "77 and 770 to 779");
  await sound(page, "a search");
  await page.fill("[name=q]", "payer 1000");
  await page.click("[role=search] button");
  await page.waitForSelector(".empty");
  await sound(page, "nothing found");
}

async function tenThousandRowsStaySmall(stage) {
  const { page } = stage;
  const rows = Array.from({ length: ROWS_MAX }, (_, row) => `${madeUpAddress(row)},,row ${row}`);
  await handIn(page, stage.at("/batches/new"), "ten thousand", rows.join("\n"));
  await turnOver(page);
  await sound(page, "ten thousand rows");
  const bytes = await heldByPages(await page.context().storageState(), page.url());
  console.log(`    a browser that turns over these rows holds ${Math.round(bytes / 1024 / 1024)} MiB`);
  assert.ok(bytes < MEMORY_BYTES_MAX, `${bytes} bytes`);
  await page.click("#cancel summary");
  await sound(page, "about to cancel");
  await page.click("#cancel button");
  await becomes(page, "Cancelled");
  assert.equal(await bar(page), ROWS_MAX);
}

async function turnOver(page) {
  for (const [turn, first] of [["Next", 101], ["Last", 9_901], ["Previous", 9_801], ["First", 1]]) {
    await page.click(`.pages >> text="${turn}"`);
    await page.waitForSelector(`#row-${first}`);
    assert.equal(await page.locator("tbody tr").count(), ROWS_ON_PAGE);
  }
}

/** What the pages of a batch hold in a browser that has seen nothing else, in bytes. */
async function heldByPages(storageState, place) {
  const browser = await launch();
  try {
    const page = await openPage(browser, { storageState });
    await page.goto(place);
    await turnOver(page);
    return await largestRenderer(browser);
  } finally {
    await browser.close();
  }
}

/** Somebody of another merchant, invited by the operator, who is signed in, too. */
async function invite(stage) {
  const operators = await openPage(stage.browser);
  await signIn(operators, stage.world, stage.operator);
  await operators.goto(stage.at("/merchants"));
  await operators.fill(".card [name=name]", "Other shop");
  await operators.click(".card button.primary");
  await operators.waitForSelector(".done");
  const merchant = operators.url().match(/merchants\/(\d+)/)[1];
  await operators.goto(stage.at("/people"));
  await operators.fill(".card [name=name]", "stranger");
  await operators.selectOption("[name=rank]", "admin");
  await operators.selectOption(".card [name=merchant]", merchant);
  await operators.click(".card button.primary");
  const link = await operators.textContent("#link");
  const stranger = await openPage(stage.browser);
  await stranger.goto(link);
  const secret = await stranger.textContent("#secret");
  for (const name of ["password", "again"]) await stranger.fill(`[name=${name}]`, PASSWORD);
  await stranger.fill("[name=code]", oneTimeCode(secret));
  await stranger.click("main button.primary");
  await stranger.waitForSelector("nav");
  return { operators, stranger };
}

async function aSecondMerchantSeesNothing(stage) {
  const { operators, stranger } = await invite(stage);
  await stranger.goto(stage.at("/batches"));
  await stranger.waitForSelector(".empty");
  const statuses = await stranger.evaluate(async (place) => {
    const body = new URLSearchParams({
      form_token: document.querySelector("[name=form_token]").value,
    });
    const acts = ["dry-run", "start", "pause", "resume", "cancel", "retry"];
    const answers = [await fetch(place), await fetch(`${place}/rows.csv`)];
    for (const act of acts) answers.push(await fetch(`${place}/${act}`, { method: "POST", body }));
    return answers.map((answer) => answer.status);
  }, stage.batch);
  assert.deepEqual(statuses, Array(8).fill(404));
  assert.equal((await stranger.goto(stage.place)).status(), 404);
  await operators.goto(stage.place);
  assert.equal(await bar(operators), ROWS, "operators see all");
  await sound(operators, "an operator's batch");
  await operators.goto(stage.at("/batches"));
  await sound(operators, "an operator's batches");
  await operators.goto(stage.at("/log"));
  const log = await operators.textContent("table");
  for (const act of ["add", "dry_run", "start", "pause", "resume", "cancel"]) {
    assert.ok(log.includes(`batch.${act}`), act);
  }
}

async function bothLanguagesAndThemesAreSound(stage) {
  const small = await openPage(stage.browser, {
    viewport: PHONE,
    storageState: await stage.page.context().storageState(),
  });
  for (const [language, theme] of [["zh", "dark"], ["en", "light"]]) {
    for (const [kind, value] of [["language", language], ["theme", theme]]) {
      await small.goto(stage.at("/batches"));
      await small.click(".menu summary");
      await small.click(`[name=${kind}][value=${value}]`);
      await small.waitForSelector("nav");
    }
    for (const place of [stage.at("/batches"), stage.at("/batches/new"), stage.place]) {
      await small.goto(place);
      await sound(small, `${place} in ${language}, ${theme}`);
      const wide = await small.evaluate(() => [document.documentElement, ...document.querySelectorAll(".table")]
        .filter((part) => part.scrollWidth > part.clientWidth + 1).map((part) => part.className));
      assert.deepEqual(wide, [], place);
    }
  }
}

const CHECKS = [
  ["every fault of a list is told, ten thousand too, and what was typed stays", everyFaultIsTold],
  ["a dropped file becomes a draft, one that is too long is not even sent", aFileBecomesADraft],
  ["a dry run says what a batch would cost, and what burning would", aDryRunSaysWhatItWouldCost],
  ["a batch runs, pauses where it is, and goes on", itPausesAndGoesOn],
  ["a batch survives a restart of its server, seen from the same open page", itSurvivesARestart],
  ["every row is ordered once, and the page has missed nothing", thePageMissesNothing],
  ["rows are found by what they carry", rowsAreFound],
  ["ten thousand rows stay small, and are cancelled", tenThousandRowsStaySmall],
  ["a second merchant sees nothing of a batch, by page or by address", aSecondMerchantSeesNothing],
  ["batches are sound in both languages and themes, on a telephone, too", bothLanguagesAndThemesAreSound],
];
