/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const client = fileURLToPath(new URL('../clients/js/src/index.ts', import.meta.url));
const server = process.env.FANLIGHT_API ?? 'http://127.0.0.1:8080';
const proxy = Object.fromEntries(
  ['/api', '/ws', '/health'].map((path) => [
    path,
    { target: server, changeOrigin: true, ws: true },
  ]),
);

export default defineConfig({
  // Relative, so that the same build works from the desktop's own scheme and from the server.
  base: './',
  plugins: [react(), tailwindcss()],
  // The client is built from its source, so that the UI needs no build step before its own.
  resolve: { alias: { 'fanlight-client': client } },
  clearScreen: false,
  server: { port: 5173, strictPort: true, host: '127.0.0.1', proxy },
  preview: { port: 4173, strictPort: true, host: '127.0.0.1', proxy },
  // The logo stays a file: data: URLs would need a wider content security policy.
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  test: {
    environment: 'jsdom',
    include: ['test/**/*.test.{ts,tsx}'],
    setupFiles: ['test/setup.ts'],
    css: false,
    testTimeout: 20_000,
  },
});
