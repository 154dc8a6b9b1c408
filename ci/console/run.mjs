// The console in a real browser against a real `sunsweep dev`: run.mjs BINARY
import { batches } from "./batches.mjs";
import { launch } from "./browser.mjs";
import { pages } from "./pages.mjs";
import { closingLine } from "./suite.mjs";

const [binary] = process.argv.slice(2);
if (binary === undefined) throw new Error("usage: run.mjs BINARY");

const browser = await launch();
try {
  await pages(browser, binary);
  await batches(browser, binary);
  closingLine();
} finally {
  await browser.close();
}
