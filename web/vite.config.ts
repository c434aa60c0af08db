import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const PAGE = fileURLToPath(new URL("../src/visavis/server/page", import.meta.url));
const SERVER = process.env.VISAVIS_DEV_SERVER ?? "http://127.0.0.1:8700";

/** Nothing from elsewhere, nothing inline: the built page says so itself, whatever serves it. */
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "media-src 'self' blob: mediastream:",
  "connect-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'",
].join("; ");

const contentSecurityPolicy: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [
    { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend" },
  ],
  /** room.html is the same page, which may also talk to a LiveKit server elsewhere. */
  generateBundle: {
    order: "post",
    handler(_options, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("index.html was not built");
      const source = String(page.source).replace(/connect-src ('|&#39;)self\1/, "$& ws: wss: http: https:");
      if (source === String(page.source)) throw new Error("room.html was not given its policy");
      this.emitFile({ type: "asset", fileName: "room.html", source });
    },
  },
};

/** `vite build` makes the page; `vite build --mode element` adds visavis-avatar.js, one file for other people's pages. */
export default defineConfig(({ mode }) => {
  const element = mode === "element";
  return {
    base: "./",
    publicDir: element ? false : "public",
    plugins: element ? [] : [contentSecurityPolicy],
    server: { proxy: { "/api": SERVER, "/healthz": SERVER } },
    build: {
      outDir: PAGE,
      emptyOutDir: !element,
      target: "es2022",
      cssTarget: ["chrome123", "firefox120", "safari17.5"], // older ones would have light-dark() rewritten, which a bare element cannot bear
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      ...(element && {
        lib: { entry: "src/visavis-avatar.ts", formats: ["es" as const], fileName: () => "visavis-avatar.js" },
        rolldownOptions: { output: { chunkFileNames: "assets/element-[name]-[hash].js" } }, // loaded when first needed: drawing, rooms
      }),
    },
  };
});
