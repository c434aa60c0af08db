import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

// The token comes from `visavis serve` on this machine (or VISAVIS_URL); in production your own server hands it out.
export default defineConfig(({ mode }) => {
  const target = loadEnv(mode, ".", "VISAVIS_").VISAVIS_URL ?? "http://127.0.0.1:8700";
  const proxy = { "/api": { target, changeOrigin: true } };
  return { plugins: [react()], server: { proxy }, preview: { proxy } };
});
