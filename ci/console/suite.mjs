// What every suite of checks in a browser shares: how a check is named, counted and looked at.
import assert from "node:assert/strict";
import { accessibilityProblems } from "./browser.mjs";

let passed = 0;
let views = 0;

/** Runs a check; the first one that fails ends everything. */
export async function check(name, run) {
  const began = performance.now();
  await run();
  passed += 1;
  console.log(`ok  ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

/** That axe-core finds nothing on a page, and that nothing went wrong on it since it was opened. */
export async function sound(page, where) {
  assert.deepEqual(await accessibilityProblems(page), [], where);
  assert.deepEqual(page.problems, [], where);
  views += 1;
}

/** Says what was checked. */
export function closingLine() {
  console.log(`console: ${passed} checks passed, ${views} views without a violation`);
}
