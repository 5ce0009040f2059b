// Lints the API's description (generated/openapi.json, or the file given) by Redocly's recommended rules.
// The package is one that openapi-typescript brings along; its command line would bring a hundred more.
import { readFileSync } from "node:fs";
import { createConfig, lintFromString } from "@redocly/openapi-core";

const file = process.argv[2] ?? "generated/openapi.json";
const config = await createConfig({ extends: ["recommended"] });
const problems = await lintFromString({ source: readFileSync(file, "utf8"), absoluteRef: "openapi.json", config });
for (const { severity, ruleId, message, location } of problems) console.log(`${severity} ${ruleId} ${location[0]?.pointer ?? ""}: ${message}`);
process.exitCode = problems.length > 0 ? 1 : 0;
