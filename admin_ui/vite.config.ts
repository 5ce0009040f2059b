import react from "@vitejs/plugin-react";
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

export default defineConfig({
  plugins: [kitStyles, react()],
  server: { proxy: { "/api": service, "/demo": service } },
  build: {
    outDir: "dist",
    target: "es2022",
    sourcemap: false,
    // Everything is a file of our own origin: an inlined asset would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
