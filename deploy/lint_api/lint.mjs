// Lints the API's description by Spectral's rules for OpenAPI (spectral:oas): node lint.mjs FILE.
import { readFileSync } from "node:fs";
import parsers from "@stoplight/spectral-parsers";
import core from "@stoplight/spectral-core";
import rulesets from "@stoplight/spectral-rulesets";

const SEVERITIES = ["error", "warn", "info", "hint"];
const spectral = new core.Spectral();
spectral.setRuleset({ extends: [rulesets.oas] });
const problems = await spectral.run(new core.Document(readFileSync(process.argv[2], "utf8"), parsers.Json, "openapi.json"));
for (const { severity, code, path, message } of problems) console.log(SEVERITIES[severity], code, `${path.join("/")}: ${message}`);
process.exitCode = problems.length > 0 ? 1 : 0;
