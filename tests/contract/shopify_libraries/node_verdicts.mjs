// What @shopify/shopify-api says of each case: the shop it takes it for, "" for a genuine webhook, or null.
// Usage: node node_verdicts.mjs PACKAGE_FOLDER; standard input and output are one JSON document each.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "package.json"));
require("@shopify/shopify-api/adapters/node");
const { shopifyApi, LogSeverity, ApiVersion } = require("@shopify/shopify-api");

const { client_id, secret, cases } = JSON.parse(readFileSync(0, "utf8"));
const shopify = shopifyApi({
  apiKey: client_id,
  apiSecretKey: secret,
  apiVersion: ApiVersion.October26,
  hostName: "app.example",
  isEmbeddedApp: true,
  scopes: [],
  logger: { level: LogSeverity.Error, log: () => {} },
});

const asked = {
  shop: ({ text }) => shopify.utils.sanitizeShop(text),
  // The library reads the shop of a token as its own examples do: `dest` without its scheme.
  token: async ({ text }) => {
    const claims = await shopify.session.decodeSessionToken(text);
    return shopify.utils.sanitizeShop(String(claims.dest).replace(/^https:\/\//, ""));
  },
  webhook: async ({ body, signature }) => {
    const headers = {
      "X-Shopify-Topic": "shop/update",
      "X-Shopify-Shop-Domain": "a.myshopify.com",
      "X-Shopify-API-Version": "2026-10",
      "X-Shopify-Webhook-Id": "1",
      "X-Shopify-Hmac-Sha256": signature,
    };
    const rawRequest = { headers, method: "POST", url: "/" };
    const verdict = await shopify.webhooks.validate({ rawBody: body, rawRequest, rawResponse: {} });
    return verdict.valid ? "" : null;
  },
};

const verdicts = [];
for (const one of cases) {
  try {
    verdicts.push(await asked[one.kind](one));
  } catch {
    verdicts.push(null);
  }
}
process.stdout.write(JSON.stringify(verdicts));
