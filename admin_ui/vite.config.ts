import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// While the page is being written: `npm run dev` with a preview service (of `make demo`) behind it.
const service = process.env.TRUEUP_PREVIEW_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
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
