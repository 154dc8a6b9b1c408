// Takes the pictures of docs/images: pictures.mjs BINARY DIRECTORY. Needs Debian's libfaketime, so that
// there is a day to look back on.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { takeBatches } from "./batch_pictures.mjs";
import { launch, openPage, signIn } from "./browser.mjs";
import { order, startReceiver, startWorld } from "./world.mjs";

const [binary, directory] = process.argv.slice(2);
const HOUR_MS = 3_600_000;
// Hours ago, and orders placed in it.
const DAY = [[23, 1], [21, 2], [20, 4], [18, 3], [16, 6], [14, 8], [13, 5], [11, 7], [9, 9], [7, 6],
  [5, 8], [3, 5], [2, 7], [0, 6]];
const FAKE = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const now = Date.now;

const data = await mkdtemp(join(tmpdir(), "sunsweep-pictures-"));
const receiver = await startReceiver("ok");
const browser = await launch();
let world;
try {
  let placed;
  let next = 0;
  for (const [hours, count] of DAY) {
    await world?.stop();
    world = await startAt(hours);
    const paid = world.payment_addresses.slice(next, next + count);
    for (let number = 0; number < count; number += 1, next += 1) {
      const more = { out_trade_no: `invoice ${20_000 + next * 7}`, callback_url: receiver.url };
      placed = await order(world, next, more);
    }
    for (let number = 0; number < count; number += 1) await receiver.next();
    await sweep(hours, paid.slice(1));
  }
  await take(placed);
  await takeBatches(browser, binary, directory);
} finally {
  await browser.close();
  receiver.stop();
  await world?.stop();
  await rm(data, { recursive: true, force: true });
}

/** What starts a program so many hours ago. */
function through(hours) {
  if (hours === 0) return [];
  return ["env", `LD_PRELOAD=${FAKE}`, `FAKETIME=-${hours}h`, "FAKETIME_DONT_FAKE_MONOTONIC=1"];
}

/** A world whose clock, and this program's, stand so many hours back. */
async function startAt(hours) {
  Date.now = () => now() - hours * HOUR_MS;
  return startWorld(binary, { data, addresses: 90, through: through(hours) });
}

/** The merchant moves what came in on these addresses. */
async function sweep(hours, addresses) {
  const keys = join(data, `keys-${hours}.csv`);
  const lines = addresses.map((one) => `${one.address},${one.private_key}\n`);
  await writeFile(keys, `address,private_key\n${lines.join("")}`, { mode: 0o600 });
  const words = ["sweep", "--yes", "--keys", keys, "--to", world.recipient_with_usdt,
    "--api", world.api_url, "--api-key", world.api_key, "--api-secret-file", world.api_secret_file,
    "--node", world.node_url];
  const [program, ...rest] = [...through(hours), binary, ...words];
  const run = promisify(execFile)(program, rest, { cwd: data });
  await run.catch((failed) => console.error(failed.stderr));
}

async function take(placed) {
  const [operator, member] = world.console.people;
  const page = await openPage(browser);
  await signIn(page, world, operator);
  const members = await openPage(browser, { colorScheme: "dark" });
  await signIn(members, world, member);
  const phone = await openPage(browser, {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    storageState: await page.context().storageState(),
  });
  const shots = [
    [page, "/overview", "console-overview"],
    [members, "/orders", "console-orders-dark"],
    [page, `/orders/${placed.serial}`, "console-order"],
    [members, "/callbacks", "console-callbacks-dark"],
    [page, "/wallets", "console-wallets"],
    [phone, "/orders", "console-phone"],
  ];
  await page.setViewportSize({ width: 1280, height: 1180 });
  for (const [from, place, name] of shots) {
    await from.goto(`${world.console.url}${place}`);
    await from.waitForSelector("#live[data-state=live]");
    await from.screenshot({ path: join(directory, `${name}.png`) });
  }
}
