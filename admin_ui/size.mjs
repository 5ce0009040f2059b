// Fails where the page's JavaScript has grown beyond its budget.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** All of it, also what is loaded on demand; bytes, compressed: what a merchant on a phone may be asked to load, in all. */
const BUDGET = 250_000;

const scripts = readdirSync("dist/assets").filter((name) => name.endsWith(".js"));
const sizes = scripts.map((name) => gzipSync(readFileSync(`dist/assets/${name}`), { level: 9 }).length);
const all = sizes.reduce((sum, size) => sum + size, 0);
if (all > BUDGET) {
  console.error(`trueup: the page's JavaScript has ${all} bytes compressed; the budget is ${BUDGET}`);
  process.exit(1);
}
