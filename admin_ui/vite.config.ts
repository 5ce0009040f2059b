import { createHash } from "node:crypto";
import react from "@vitejs/plugin-react";
import { PurgeCSS } from "purgecss";
import { defineConfig, type Plugin } from "vite";

// While the page is being written: `npm run dev` with a preview service (of `make demo`) behind it.
const service = process.env.TRUEUP_PREVIEW_URL ?? "http://127.0.0.1:8080";

/** The kit sets one style as an attribute, which the content security policy forbids; by the object model it may. */
const kitStyles: Plugin = {
  name: "kit-styles",
  transform(code, id) {
    if (!id.endsWith("/AppProvider/AppProvider.js")) return undefined;
    const changed = code.replace(/(\w+)\.setAttribute\('style', (`[^`]*`)\)/g, "$1.style.cssText = $2");
    if (changed === code) this.error("the kit no longer sets styles as attributes: this plugin can go");
    return changed;
  },
};

/** What the first script asks for once it has painted is fetched while it does. */
const early: Plugin = {
  name: "early",
  generateBundle: {
    order: "post",
    handler(_, bundle) {
      const main = Object.values(bundle).find((file) => file.type === "chunk" && file.moduleIds.some((id) => id.endsWith("/src/main.tsx")));
      const page = bundle["index.html"];
      if (main === undefined || page?.type !== "asset") this.error("no main script, or no page");
      const link = `<link rel="modulepreload" crossorigin href="/${main.fileName}" />`;
      page.source = String(page.source).replace("</head>", `  ${link}\n  </head>`);
    },
  },
};

/**
 * The kit comes with the rules of all its parts; those whose classes no script names are left out. The file is named
 * after what is left, since browsers keep a file of the same name for good.
 */
const usedRules: Plugin = {
  name: "used-rules",
  generateBundle: {
    order: "post",
    async handler(_, bundle) {
      const files = Object.values(bundle);
      const scripts = files.flatMap((file) => (file.type === "chunk" ? [{ raw: file.code, extension: "js" }] : []));
      const style = files.find((file) => file.fileName.endsWith(".css"));
      const page = bundle["index.html"];
      if (style?.type !== "asset" || page?.type !== "asset") this.error("no style sheet, or no page");
      const css = [{ raw: String(style.source) }];
      // Names of our own classes are put together as the page runs: all of those stay.
      const [used] = await new PurgeCSS().purge({ content: scripts, css, safelist: [/^(?!Polaris-)/] });
      if (used === undefined) this.error("no rules are left");
      const digest = createHash("sha256").update(used.css).digest("base64url").slice(0, 8);
      const name = `assets/style-${digest}.css`;
      const named = scripts.some(({ raw }) => raw.includes(style.fileName));
      if (named || !String(page.source).includes(style.fileName)) this.error("the style sheet is not named by the page alone");
      page.source = String(page.source).replace(style.fileName, name);
      this.emitFile({ type: "asset", fileName: name, source: used.css });
      Reflect.deleteProperty(bundle, style.fileName);
    },
  },
};

export default defineConfig({
  plugins: [kitStyles, react(), early, usedRules],
  server: { proxy: { "/api": service, "/demo": service } },
  build: {
    outDir: "dist",
    target: "es2022",
    sourcemap: false,
    // Everything is a file of our own origin: an inlined asset would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    // One style sheet, named by the page alone.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
});
