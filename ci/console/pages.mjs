// Every page of the console but those of batches, as its readers use them.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { fillSignIn, oneTimeCode, openPage, signIn } from "./browser.mjs";
import { check, sound } from "./suite.mjs";
import { verify } from "./verifiers.mjs";
import { countPolicy, order, query, startReceiver, startWorld } from "./world.mjs";

const EVIL = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;
// As hostile as a reference may be: the interface refuses angle brackets in one.
const LABEL = `"onfocus="alert(3)" autofocus x="`;
const PASSWORD = "four words that differ";
const ASSETS_MAX_BYTES = 300_000;
const PHONE = { width: 390, height: 844 };
/** The address with a policy. */
const POLICY = 30;
/** Orders of one moment, on addresses behind those of the other checks. */
const BURST = 200;
const BURST_FIRST = 40;

/** Runs every check in a world of its own. */
export async function pages(browser, binary) {
  const data = await mkdtemp(join(tmpdir(), "sunsweep-pages-"));
  const world = await startWorld(binary, { data, addresses: BURST_FIRST + BURST });
  const receiver = await startReceiver();
  try {
    const stage = await Stage.set(browser, world, receiver, data);
    for (const [name, run] of CHECKS) await check(name, () => run(stage));
  } finally {
    receiver.stop();
    await world.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** A world with one order of a merchant's, and two people who look at it. */
class Stage {
  static async set(browser, world, receiver, data) {
    const placed = await order(world, 0, { out_trade_no: LABEL, callback_url: receiver.url });
    await receiver.next();
    const [operator, member] = world.console.people;
    const operators = await openPage(browser);
    const members = await openPage(browser);
    return Object.assign(new Stage(), {
      browser, world, receiver, data, placed, operator, member, operators, members,
    });
  }

  /** The address of a place in the console. */
  at(place) {
    return `${this.world.console.url}${place}`;
  }
}

/** Posts a form from a page, as a script of its own would; resolves with the status. */
function postFrom(page, address, fields) {
  return page.evaluate(async ([href, pairs]) => {
    const answer = await fetch(href, { method: "POST", body: new URLSearchParams(pairs) });
    return answer.status;
  }, [address, fields]);
}

const CHECKS = [
  ["signing in needs all three, and leads to where one wanted to go", async (stage) => {
    const { operators: page, operator } = stage;
    await page.goto(stage.at("/orders?state=ended"));
    assert.match(page.url(), /\/console\/sign-in\?next=/);
    await sound(page, "sign-in");
    await fillSignIn(page, { ...operator, password: "wrong password" });
    await page.waitForSelector("[role=alert]");
    await sound(page, "sign-in refused");
    await fillSignIn(page, operator);
    await page.waitForSelector("nav");
    assert.match(page.url(), /\/console\/orders\?state=ended$/);
    await signIn(stage.members, stage.world, stage.member);
  }],

  ["an order is found by everything that one may have of it", async (stage) => {
    const { members: page, placed, world } = stage;
    for (const text of [placed.serial, LABEL, world.payment_addresses[0].address]) {
      await page.goto(stage.at("/orders"));
      await page.fill("[name=q]", text);
      await page.click("[role=search] button");
      await page.waitForSelector(`text=${placed.serial}`);
      await sound(page, `orders by ${text}`);
    }
    await page.goto(stage.at(`/orders/${placed.serial}`));
    const txid = await page.locator(".timeline code.long").first().textContent();
    await page.goto(stage.at(`/orders?q=${txid}`));
    await page.waitForSelector(`text=${placed.serial}`);
    await page.goto(stage.at("/orders?q=no+such+label"));
    await page.waitForSelector(".empty");
    await sound(page, "no orders");
  }],

  ["an order's timeline shows chain, ledger and callback, which is replayed", async (stage) => {
    const { members: page, placed } = stage;
    await page.goto(stage.at(`/orders/${placed.serial}`));
    for (const kind of ["state", "chain", "ledger", "callback"]) {
      assert.ok(await page.locator(`.timeline li.${kind}`).count() > 0, kind);
    }
    // A transaction is sent before it is in a block, whatever the block's own time says.
    const told = await page.locator(".timeline li.chain .what").allTextContents();
    assert.ok(told.findIndex((what) => what.startsWith("In a block")) > 0, told.join("; "));
    await page.click(".attempt summary");
    assert.equal(await page.locator(".attempt .tag.good", { hasText: "fits" }).count(), 1);
    assert.equal(await page.locator(".attempt", { hasText: "<b>taken</b>" }).count(), 1);
    await sound(page, "order");
    await page.click("text=Send it again");
    await page.waitForSelector(".done");
    const again = await stage.receiver.next();
    assert.equal(JSON.parse(again.body).serial, placed.serial);
  }],

  ["times are of the viewer's zone, amounts in TRX with every sun", async (stage) => {
    const { members: page, placed } = stage;
    await page.goto(stage.at(`/orders/${placed.serial}`));
    const time = page.locator(".timeline time").first();
    const moment = new Date(await time.getAttribute("datetime"));
    const options = { dateStyle: "medium", timeStyle: "medium", timeZone: "Asia/Shanghai" };
    assert.equal(await time.textContent(), moment.toLocaleString("en", options));
    const amount = page.locator(".amount").first();
    await assertAmount(amount);
    await page.goto(stage.at("/merchants"));
    const balance = page.locator(".amount").first();
    assert.match(await balance.textContent(), /^\d{1,3}(,\d{3})+(\.\d+)? TRX$/, "thousands stand apart");
    await assertAmount(balance);
  }],

  ["a statement is cut at the midnights of its reader", async (stage) => {
    const { members: page } = stage;
    await page.goto(stage.at("/merchants"));
    assert.equal(await page.locator("[data-zone]").first().textContent(), "Asia/Shanghai");
    await page.fill("[name=from]", "2026-01-01");
    await page.fill("[name=to]", "2026-01-02");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("[data-download] button")]);
    const asked = new URL(download.url()).searchParams;
    assert.equal(Number(asked.get("from_ms")), Date.parse("2026-01-01T00:00+08:00"));
    assert.equal(Number(asked.get("to_ms")), Date.parse("2026-01-03T00:00+08:00"));
    await page.fill("[name=from]", "");
    await page.fill("[name=to]", "");
    const all = await Promise.all([page.waitForEvent("download"), page.click("[data-download] button")]);
    assert.match(await readFile(await all[0].path(), "utf8"), /play money/);
  }],

  ["a second merchant sees nothing of the first, by page, address or interface", async (stage) => {
    const { operators, world, placed } = stage;
    await operators.goto(stage.at("/merchants"));
    await sound(operators, "merchants");
    await operators.fill(".card [name=name]", EVIL);
    await operators.click(".card button.primary");
    await operators.waitForSelector(".done");
    const second = operators.url().match(/merchants\/(\d+)/)[1];
    await sound(operators, "a merchant without entries");
    const stranger = await invite(stage, second);
    await findsNothing(stage, stranger);
    await stranger.goto(stage.at("/keys"));
    await sound(stranger, "no keys");
    await stranger.fill("#add [name=name]", "second");
    await stranger.click("#add button.primary");
    const key = await stranger.textContent("#key");
    const answered = await query(world, key, placed.serial);
    assert.equal(JSON.parse(answered).message, "Order not found");
    await stranger.context().close();
  }],

  ["a key is made, its secret shown once, bound and revoked", async (stage) => {
    const { members: page } = stage;
    await page.goto(stage.at("/keys"));
    await sound(page, "keys");
    await page.fill("#add [name=name]", EVIL);
    await page.fill("#add [name=cap]", "12.5");
    await page.click("#add button.primary");
    await page.waitForSelector("#secret");
    const secret = await page.textContent("#secret");
    assert.match(secret, /^[0-9A-F]{64}$/);
    const key = await page.textContent("#key");
    await sound(page, "a new key");
    await page.goto(stage.at("/keys"));
    assert.ok(!(await page.content()).includes(secret));
    const card = page.locator("section.card", { hasText: key });
    await card.locator("summary", { hasText: "Change" }).click();
    await sound(page, "a key's form");
    await card.locator("[name=cap]").fill("nonsense");
    await card.locator("button.primary").click();
    await page.waitForSelector("[role=alert]");
    await sound(page, "a key's form refused");
    await page.goto(stage.at("/keys"));
    await card.locator("summary", { hasText: "Revoke" }).click();
    await card.locator("button.danger").click();
    await page.waitForSelector(".done");
    await page.waitForSelector(".tag.bad");
    await sound(page, "keys with a revoked one");
  }],

  ["a test callback shows exactly what was sent, beside what verifies it", async (stage) => {
    const { members: page } = stage;
    await page.goto(stage.at("/callbacks"));
    await sound(page, "callbacks");
    await page.goto(stage.at("/callbacks/test"));
    await page.fill("[name=url]", stage.receiver.url);
    await page.click("main button.primary");
    await page.waitForSelector("#tested");
    const shown = await page.textContent("#tested");
    const post = await stage.receiver.next();
    assert.ok(shown.includes(post.body) && shown.includes(post.headers.signature));
    await page.locator("details[name=verifier] summary").first().click();
    await sound(page, "a test callback");
    await verify(page, stage.world.api_secret, post);
  }],

  ["money moves once for one form, and not before its sender has seen what it does", async (stage) => {
    const { operators: page, world } = stage;
    const place = stage.at(`/merchants/${world.merchant.id}`);
    const available = async () => {
      await page.goto(place);
      return amountOf(page.locator("dl.figures .amount").first());
    };
    const before = await available();
    await page.click("#money summary");
    await page.fill("[name=amount]", "7");
    await page.fill("[name=reason]", EVIL);
    await page.locator("#money button").click();
    await page.waitForSelector("#confirm");
    await sound(page, "a credit before it is posted");
    const [was, is] = await page.locator("#confirm td .amount").all();
    assert.deepEqual([await amountOf(was), await amountOf(is)], [before, before + 7_000_000]);
    assert.ok((await page.textContent("#confirm")).includes(EVIL));
    const form = await page.$eval("#confirm form", (element) => [...new FormData(element)]);
    assert.equal(await available(), before, "nothing has moved yet");
    for (let time = 0; time < 2; time += 1) assert.equal(await postFrom(page, `${place}/post`, form), 200);
    assert.equal(await available(), before + 7_000_000, "it moved once");
    await page.click("#money summary");
    await page.selectOption("[name=side]", "debit");
    await page.fill("[name=amount]", "100000000");
    await page.fill("[name=reason]", "too much");
    await page.locator("#money button").click();
    await page.waitForSelector("[role=alert]");
  }],

  ["prices are set as they were shown, and not when others moved meanwhile", async (stage) => {
    const { operators: page, world } = stage;
    const place = stage.at(`/prices?merchant=${world.merchant.id}`);
    const ask = async (sun) => {
      await page.goto(place);
      await page.fill("[name=energy_price_sun]", sun);
      await page.click("#content button.primary");
    };
    await ask("61");
    await page.waitForSelector("#confirm");
    await sound(page, "prices before they are set");
    const form = await page.$eval("#confirm form", (element) => [...new FormData(element)]);
    await page.click("#confirmed");
    await page.waitForSelector(".done");
    // The first answer is sent again after the price has become another one: it is asked about anew.
    await ask("62");
    await page.click("#confirmed");
    await page.waitForSelector(".done");
    assert.equal(await postFrom(page, stage.at("/prices"), form), 200);
    await page.goto(place);
    assert.equal(await page.inputValue("[name=energy_price_sun]"), "62");
    await ask("62");
    await page.waitForSelector(".done");
    await ask("");
    await page.click("#confirmed");
    await page.waitForSelector(".done");
  }],

  ["wallets are kept from new orders and given back to them", async (stage) => {
    const { operators: page } = stage;
    await page.goto(stage.at("/wallets"));
    await page.locator("td.actions button").first().click();
    await page.waitForSelector(".done");
    await sound(page, "wallets with one that is not used");
    await page.locator("td.actions button").first().click();
    await page.waitForSelector(".done");
  }],

  ["a wallet gets a key, which is nowhere to be read afterwards", async (stage) => {
    const { operators: page, operator } = stage;
    await page.goto(stage.at("/wallets/new"));
    await sound(page, "a new wallet");
    const key = randomBytes(32).toString("hex");
    await page.check("[value=given]");
    await page.fill("[name=private_key]", key);
    await page.fill("[name=code]", "000000");
    await page.click("main button.primary");
    await page.waitForSelector("[role=alert]");
    await sound(page, "a wallet without a code");
    await page.goto(stage.at("/wallets/new"));
    await page.check("[value=given]");
    await page.fill("[name=private_key]", key);
    await page.fill("[name=code]", oneTimeCode(operator.totp_secret));
    await page.click("main button.primary");
    const signer = await page.textContent("#signer");
    await sound(page, "a wallet that was added");
    for (const place of ["/wallets", "/log", "/wallets/new"]) {
      await page.goto(stage.at(place));
      assert.ok(!(await page.content()).toLowerCase().includes(key), place);
    }
    await page.goto(stage.at("/log"));
    assert.ok((await page.textContent("table")).includes(signer), "the log says who signs");
    await sound(page, "log with a wallet");
  }],

  ["an audit goes on without its page, and says what it found", async (stage) => {
    const { operators } = stage;
    const page = await operators.context().newPage();
    page.problems = [];
    await page.goto(stage.at("/audit"));
    await sound(page, "no audit yet");
    await page.click("#prove button >> nth=0");
    await page.waitForSelector(".done");
    await page.close();
    await operators.goto(stage.at("/audit"));
    await operators.waitForSelector("#ended .tag.good");
    await sound(operators, "an audit");
    await operators.fill("[name=from_block]", "1");
    await operators.fill("[name=to_block]", "20");
    await operators.click("#reconcile button");
    await operators.waitForSelector("#ended h3");
    await operators.waitForSelector("#ended .tag.good");
    await sound(operators, "what the chain knows");
  }],

  ["a token of the admin interface is made, shown once and revoked", async (stage) => {
    const { operators: page } = stage;
    await page.goto(stage.at("/tokens"));
    await sound(page, "no tokens");
    await page.fill("main [name=name]", EVIL);
    await page.check("[value=read]");
    await page.click("main button.primary");
    assert.match(await page.textContent("#token"), /^sunsweep_admin_/);
    await sound(page, "a new token");
    await page.goto(stage.at("/tokens"));
    await page.click("button.danger");
    await page.waitForSelector(".done");
    await sound(page, "tokens");
    await page.goto(stage.at("/log"));
    await page.waitForSelector("text=token.revoke");
    await sound(page, "log");
  }],

  ["every view of both audiences is sound", async (stage) => {
    const { operators, members, world } = stage;
    const places = ["/overview", "/overview?span=quarter", "/orders", "/policies", "/merchants", "/deposits",
      "/prices", "/keys", "/callbacks", "/callbacks/test", "/people"];
    for (const place of places) {
      for (const page of [members, operators]) {
        await page.goto(stage.at(place));
        await page.waitForSelector("main h1");
        await sound(page, place);
        assert.deepEqual(await page.evaluate(widerThanTheScreen), [], place);
      }
    }
    for (const place of ["/wallets", "/prices?merchant=1", `/merchants/${world.merchant.id}`]) {
      await operators.goto(stage.at(place));
      await sound(operators, place);
    }
    for (const place of ["/wallets", "/log", "/tokens", "/nowhere"]) {
      assert.equal((await members.goto(stage.at(place))).status(), 404, place);
      await sound(members, `no ${place}`);
    }
    await operators.goto(stage.at("/overview"));
    await operators.waitForSelector(".chart canvas");
    assert.equal(await operators.locator(".chart canvas").count(), 6);
    assert.ok(await operators.evaluate(colouredPixels) > 20, "lines have the colours of their legend");
    const [, filled] = JSON.parse(await operators.locator(".chart").first().getAttribute("data-chart"));
    assert.equal(filled.reduce((sum, count) => sum + count), 1, "one order was placed until now");
  }],

  ["a policy is found by its address, leads to its refill and is stopped", async (stage) => {
    const { members, operators: page, world } = stage;
    await page.goto(stage.at("/policies"));
    await sound(page, "no policies");
    await countPolicy(world, POLICY, 5);
    const { address } = world.payment_addresses[POLICY];
    await page.fill("[name=q]", address);
    await page.selectOption("[name=kind]", "count");
    await page.click("[role=search] button");
    await page.click(`tbody a >> text=${address}`);
    await page.waitForSelector("tbody a[href*='/orders/']");
    await sound(page, "policy");
    await members.goto(page.url());
    await page.click("#stop summary");
    await page.click("#stop button.danger");
    await page.waitForSelector(".done");
    await sound(page, "stopped policy");
    // Whoever had the page open stops nothing that is stopped.
    await members.waitForSelector("#state.warn");
    await page.goto(stage.at("/log"));
    await page.waitForSelector("text=policy.stop");
  }],

  ["a page follows what happens, says when it cannot, and misses nothing", async (stage) => {
    const { members: page, world } = stage;
    await page.goto(stage.at("/orders"));
    await page.waitForSelector("#live[data-state=live]");
    const live = await order(world, 1, { out_trade_no: "while watching" });
    await page.waitForSelector(`text=${live.serial}`);
    await page.context().setOffline(true);
    await page.waitForSelector("#live[data-state=reconnecting]");
    const missed = await order(world, 2, { out_trade_no: "while away" });
    await page.context().setOffline(false);
    await page.waitForSelector(`text=${missed.serial}`);
    await page.waitForSelector("#live[data-state=live]");
    await sound(page, "live orders");
  }],

  ["where events do not get through, the page asks by itself", async (stage) => {
    const { members: page, world } = stage;
    await page.route("**/console/live*", (route) => route.abort());
    await page.goto(stage.at("/orders"));
    await page.waitForSelector("#live[data-state=polling]");
    const asked = await order(world, 3, { out_trade_no: "while asking" });
    await page.waitForSelector(`text=${asked.serial}`);
    await sound(page, "polled orders");
    await page.unroute("**/console/live*");
    await page.waitForSelector("#live[data-state=live]");
  }],

  ["two hundred orders of one moment are on the page that was open", async (stage) => {
    const { members: page, world } = stage;
    await page.goto(stage.at("/overview"));
    await page.waitForSelector("#live[data-state=live]");
    const before = Number(await page.textContent("#orders"));
    const numbers = Array.from({ length: BURST }, (_, number) => BURST_FIRST + number);
    await Promise.all(numbers.map((number) => order(world, number)));
    // Nothing loads the page again: every order is there, and then every one is filled.
    await page.waitForFunction((all) => document.querySelector("#orders").textContent === String(all)
      && document.querySelector('[data-outcome="outcome.filling"]') === null, before + BURST);
    const shown = await page.$$eval("#outcomes tr", (rows) =>
      rows.reduce((sum, row) => sum + Number(row.querySelector("td").textContent), 0));
    const kept = await ordersByState(stage.data);
    assert.equal(shown, Object.values(kept).reduce((sum, count) => sum + count, 0));
    assert.equal(kept[0] ?? 0, 0, "none is being filled");
    assert.equal(shown, before + BURST);
  }],

  ["while a page is on its way, it says so", async (stage) => {
    const { members: page } = stage;
    await page.goto(stage.at("/orders"));
    // The next page never comes, so what is said meanwhile stays.
    await page.evaluate(() => window.addEventListener("click", (event) => event.preventDefault()));
    await page.click("nav a[href$='/keys']");
    await page.waitForSelector("#busy:not(:empty)");
    assert.equal(await page.getAttribute("main", "aria-busy"), "true");
    await sound(page, "orders that are left");
  }],

  ["it is used with the keyboard alone", async (stage) => {
    const { members: page } = stage;
    await page.goto(stage.at("/overview"));
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    assert.equal(new URL(page.url()).hash, "#main");
    await page.focus(".menu summary");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".menu-panel button:visible");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".menu-panel", { state: "hidden" });
    await page.focus("nav a[href$='/orders']");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/orders$/);
  }],

  ["both languages and both themes are sound, on a telephone, too", async (stage) => {
    const storageState = await stage.operators.context().storageState();
    const page = await openPage(stage.browser, { viewport: PHONE, storageState });
    const places = ["/overview", "/orders", `/orders/${stage.placed.serial}`, "/batches", "/batches/new",
      "/policies", "/policies/1", "/keys", "/wallets", "/wallets/new", "/callbacks", "/callbacks/test", "/merchants", "/merchants/1",
      "/deposits", "/deposits?merchant=1", "/prices", "/people", "/tokens", "/audit", "/log", "/nowhere"];
    for (const [language, title, theme] of [["zh", "订单", "dark"], ["en", "Orders", "light"]]) {
      await prefer(stage, page, "language", language);
      await prefer(stage, page, "theme", theme);
      for (const place of places) {
        await page.goto(stage.at(place));
        // English in light was looked at on a wide screen.
        if (language === "zh") await sound(page, `${place}, ${language}, ${theme}`);
        assert.deepEqual(await page.evaluate(widerThanTheScreen), [], `${place}, ${language}`);
      }
      await page.goto(stage.at("/prices"));
      await page.fill("[name=energy_price_sun]", "-1");
      await page.click("#content button.primary");
      const refused = await page.textContent("[role=alert]");
      assert.equal(/[A-Za-z]{4}/.test(refused), language === "en", refused);
      await page.goto(stage.at("/orders"));
      assert.equal(await page.textContent("h1"), title);
      assert.equal(await page.getAttribute("html", "data-theme"), theme);
    }
    await page.context().close();
  }],

  ["forms of others and a planted session change nothing", async (stage) => {
    const { members: page, placed, world } = stage;
    await page.goto(stage.at("/orders"));
    const cookies = await page.context().cookies();
    const session = cookies.find((cookie) => cookie.name === "sunsweep_session");
    assert.ok(session.httpOnly && session.sameSite === "Strict" && session.value.length === 64);
    const replay = stage.at(`/orders/${placed.serial}/replay`);
    for (const token of ["", "x", "0".repeat(64)]) {
      assert.equal(await postFrom(page, replay, { form_token: token }), 403);
    }
    assert.equal(await crossSite(stage), 0, "nothing was sent again");
    const fresh = await openPage(stage.browser);
    const planted = "0".repeat(64);
    await fresh.context().addCookies([{ ...session, value: planted }]);
    await signIn(fresh, world, stage.member);
    const after = await fresh.context().cookies();
    assert.notEqual(after.find((cookie) => cookie.name === "sunsweep_session").value, planted);
    const token = await fresh.inputValue("form[action$='/sign-out'] [name=form_token]");
    assert.equal(await postFrom(fresh, stage.at("/sign-out"), { form_token: token }), 200);
    assert.match((await fresh.goto(stage.at("/orders"))).url(), /sign-in/);
    await fresh.context().close();
  }],

  ["everything that a view loads is ours and small", async (stage) => {
    const page = stage.operators;
    let bytes = 0;
    const loaded = new Map();
    page.on("response", async (response) => {
      const { origin, pathname } = new URL(response.url());
      assert.equal(origin, new URL(stage.world.console.url).origin);
      if (pathname.includes("/assets/")) loaded.set(pathname, response.body());
    });
    await page.goto(stage.at("/overview"), { waitUntil: "load" });
    for (const body of loaded.values()) bytes += gzipSync(await body).length;
    assert.ok(loaded.size >= 6 && bytes < ASSETS_MAX_BYTES, `${loaded.size} files, ${bytes} bytes`);
    const ready = await page.evaluate(() =>
      performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd);
    console.log(`    ${loaded.size} files, ${bytes} bytes compressed; interactive after ${ready} ms`);
  }],
];

/** That an amount in TRX has its sun beside it, and both are written as the language writes numbers. */
async function assertAmount(amount) {
  const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
  const sun = await amountOf(amount);
  assert.equal(await amount.textContent(), `${numbers.format(sun / 1e6)} TRX`);
  assert.equal(await amount.getAttribute("title"), `${numbers.format(sun)} sun`);
}

/** The sun of an amount that is shown. */
async function amountOf(amount) {
  return Number((await amount.getAttribute("title")).replace(/[^\d-]/g, ""));
}

/** How many orders are in each state, as the database has it. */
async function ordersByState(data) {
  const program = `
import json, pathlib, sqlite3, sys
path = pathlib.Path(sys.argv[1], "sunsweep.sqlite").as_uri() + "?mode=ro"
rows = sqlite3.connect(path, uri=True).execute("SELECT state, COUNT(*) FROM orders GROUP BY state")
print(json.dumps(dict(rows.fetchall())))`;
  const { stdout } = await promisify(execFile)("python3", ["-c", program, data]);
  return JSON.parse(stdout);
}

/** What makes a page wider than its screen, and tables that would have to be pushed sideways. */
function widerThanTheScreen() {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push("page");
  for (const table of document.querySelectorAll(".table")) {
    if (table.scrollWidth > table.clientWidth + 1) found.push(table.ariaLabel ?? table.className);
  }
  return found;
}

/** Invites an admin of a merchant, who opens the link and is signed in. */
async function invite(stage, merchant) {
  const { operators, browser } = stage;
  await operators.goto(stage.at("/people"));
  await sound(operators, "people");
  await operators.fill(".card [name=name]", EVIL);
  await operators.selectOption("[name=rank]", "admin");
  await operators.selectOption(".card [name=merchant]", merchant);
  await operators.click(".card button.primary");
  await operators.waitForSelector("#link");
  await sound(operators, "invited");
  const link = await operators.textContent("#link");
  const page = await openPage(browser);
  await page.goto(link);
  await sound(page, "invitation");
  const secret = await page.textContent("#secret");
  await page.fill("[name=password]", PASSWORD);
  await page.fill("[name=again]", PASSWORD);
  await page.fill("[name=code]", oneTimeCode(secret));
  await page.click("main button.primary");
  await page.waitForSelector("nav");
  await sound(page, "signed in by invitation");
  assert.equal((await page.goto(link)).status(), 404, "it is used up");
  await sound(page, "an invitation that is used up");
  return page;
}

/** That somebody of another merchant finds nothing of the first one's, and changes nothing of it. */
async function findsNothing(stage, page) {
  const { world, placed } = stage;
  const first = world.merchant.id;
  const hidden = [`/orders/${placed.serial}`, `/merchants/${first}`, `/keys?merchant=${first}`,
    `/merchants/${first}/statement.csv`, `/deposits?merchant=${first}`, `/prices?merchant=${first}`,
    `/callbacks/test?merchant=${first}`, "/wallets", "/log", "/tokens"];
  for (const place of hidden) {
    assert.equal((await page.goto(stage.at(place))).status(), 404, place);
  }
  const lists = ["/orders", `/orders?q=${world.payment_addresses[0].address}`, "/callbacks",
    `/orders?merchant=${first}`, `/overview?merchant=${first}`, "/people", "/deposits"];
  for (const place of lists) {
    await page.goto(stage.at(place));
    const text = await page.content();
    assert.ok(!text.includes(placed.serial) && !text.includes(world.merchant.name), place);
    await sound(page, `${place} without anything`);
  }
  const form_token = await page.inputValue("[name=form_token] >> nth=0");
  const changes = [`/orders/${placed.serial}/replay`, `/orders/${placed.serial}/stop`,
    `/keys/${world.api_key}/revoke`, `/keys/${world.api_key}/bind`, `/merchants/${first}`];
  for (const place of changes) {
    const fields = { form_token, name: "x", scope: "read" };
    assert.equal(await postFrom(page, stage.at(place), fields), 404, place);
  }
}

/** Chooses a language or a theme in the menu. */
async function prefer(stage, page, kind, value) {
  await page.goto(stage.at("/people"));
  await page.click(".menu summary");
  const loaded = page.waitForNavigation();
  await page.click(`[name=${kind}][value=${value}]`);
  await loaded;
}

/** Lets a page of another site post a form with the reader's browser; how many callbacks came of it. */
async function crossSite(stage) {
  const { members, placed, receiver } = stage;
  const page = await members.context().newPage();
  const elsewhere = "http://elsewhere.test/";
  const action = stage.at(`/orders/${placed.serial}/replay`);
  await page.route(elsewhere, (route) => route.fulfill({
    contentType: "text/html",
    body: `<form method="post" action="${action}"><input name="form_token" value="x"><button>go</button></form>`,
  }));
  await page.goto(elsewhere);
  const answered = page.waitForResponse((response) => response.url() === action);
  await page.click("button");
  const status = (await answered).status();
  assert.ok(status === 403 || status === 303, `${status}`);
  await page.close();
  return receiver.waiting();
}

/** Pixels of the first chart that are neither black nor grey. */
function colouredPixels() {
  const canvas = document.querySelector(".chart canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    const parts = data.slice(at, at + 3);
    if (Math.max(...parts) - Math.min(...parts) > 60) count += 1;
  }
  return count;
}
