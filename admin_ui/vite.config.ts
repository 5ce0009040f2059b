import localesOf from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// While the page is being written: `npm run dev` with a preview service (of `make demo`) behind it.
const service = process.env.TRUEUP_PREVIEW_URL ?? "http://127.0.0.1:8080";

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

export default defineConfig({
  plugins: [{ ...localesOf.vite({ locales: ["en-US"] }), enforce: "pre" }, react(), early],
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
    // What a screen that is loaded on demand uses of the kit comes with it, though the kit has one door.
    rollupOptions: { treeshake: { moduleSideEffects: (id) => !/\/src\/kit\/[^/]*\.tsx?$/.test(id) } },
  },
});
