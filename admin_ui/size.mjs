// Tells how large the page's JavaScript is (`npm run size -- --each`: file by file); fails where it is beyond its budget.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** All of it, also what is loaded on demand; bytes, compressed: what a merchant on a phone may be asked to load, in all. */
const BUDGET = 250_000;
/** What is loaded before the list is there. */
const FIRST_BUDGET = 165_000;

const FOLDER = "dist/assets";
const read = (name) => readFileSync(`${FOLDER}/${name}`, "utf8");
const sizes = new Map(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(".js"))
    .map((name) => [name, gzipSync(read(name), { level: 9 }).length]),
);

// The scripts of the document, and what they import before they run.
const first = new Set();
const follow = (name) => {
  if (first.has(name) || !sizes.has(name)) return;
  first.add(name);
  for (const [, imported] of read(name).matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) follow(imported);
};
for (const [, name] of readFileSync("dist/index.html", "utf8").matchAll(/\/assets\/([^"]+\.js)"/g)) follow(name);

const sum = (names) => [...names].reduce((all, name) => all + sizes.get(name), 0);
const [all, atFirst] = [sum(sizes.keys()), sum(first)];
const isOver = all > BUDGET || atFirst > FIRST_BUDGET;
if (isOver || process.argv.includes("--each")) {
  for (const [name, size] of [...sizes].sort(([, a], [, b]) => b - a)) {
    console.log(`${String(size).padStart(8)}  ${first.has(name) ? "first " : "      "}  ${name}`);
  }
}
console.log(
  `trueup: the page's JavaScript, compressed: ${all} bytes of ${BUDGET}; ` +
    `${atFirst} of them (${Math.round((100 * atFirst) / all)} %) before the list is there, of ${FIRST_BUDGET}`,
);
if (isOver) {
  console.error("trueup: the page's JavaScript is beyond its budget: see above");
  process.exit(1);
}
