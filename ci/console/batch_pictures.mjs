// The pictures of batches for docs/images.
import { join } from "node:path";
import { handIn, isChecked, press, reaches } from "./batch_page.mjs";
import { openPage, signIn } from "./browser.mjs";
import { startWorld } from "./world.mjs";

const ADDRESSES = 400;
const SHOWN_AT = 120;

/** Takes them in a world of their own. */
export async function takeBatches(browser, binary, directory) {
  const world = await startWorld(binary, { addresses: ADDRESSES });
  try {
    const page = await openPage(browser);
    await signIn(page, world, world.console.people[1]);
    const take = (from, name) => from.screenshot({ path: join(directory, `console-batch${name}.png`) });
    const form = `${world.console.url}/batches/new`;
    const recipient = world.recipient_with_usdt;
    const lines = world.payment_addresses.map(({ address }, index) =>
      `${address},${recipient},invoice ${20_000 + index * 7}`);
    const wrong = [...lines.slice(0, 6), lines[2], lines[6].replace("T", "t"), `${recipient},,50% <off>`];
    await handIn(page, form, "June, shop 7", wrong.join("\n"));
    await take(page, "-faults");
    await handIn(page, form, "June, shop 7", lines.join("\n"));
    await press(page, "dry-run");
    await isChecked(page);
    await take(page, "-dry-run");
    await handIn(page, form, "July, shop 7", lines.join("\n"));
    await press(page, "start");
    await page.goto(page.url().split("?")[0]);
    const phone = await openPage(browser, {
      viewport: { width: 390, height: 844 },
      colorScheme: "dark",
      locale: "zh-CN",
      storageState: await page.context().storageState(),
    });
    await phone.goto(page.url());
    await reaches(page, SHOWN_AT);
    await take(page, "");
    await take(phone, "-phone");
  } finally {
    await world.stop();
  }
}
