// Bundles the client three ways: ES modules and CommonJS for packagers, and one
// plain script (`js_client.js`) for a script tag or a bare `require`.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));
const common = {
  root,
  configFile: false,
  logLevel: 'warn',
  // The worker's code is a string inside of the bundle, where nobody reads it.
  worker: { rolldownOptions: { output: { minify: true, sourcemap: false } } },
};
/** "use client" of the React component stays at the top of its chunk, where Next looks for it. */
const checks = { moduleLevelDirective: false };
const shared = {
  target: 'es2022',
  minify: false,
  sourcemap: true,
  reportCompressedSize: false,
  emptyOutDir: false,
};

const EXTENSIONS = { es: 'mjs', cjs: 'cjs' };

for (const [format, extension] of Object.entries(EXTENSIONS)) {
  await build({
    ...common,
    build: {
      ...shared,
      lib: {
        entry: { index: 'src/index.ts', react: 'src/react.tsx' },
        formats: [format],
        fileName: (_format, name) => `${name}.${extension}`,
      },
      rolldownOptions: {
        checks,
        external: [/^react($|\/)/],
        output: { chunkFileNames: `shared.${extension}`, exports: 'named' },
      },
    },
  });
}

// UMD assigns `module.exports` under CommonJS; src/script.ts itself sets the window's.
await build({
  ...common,
  build: {
    ...shared,
    lib: {
      entry: 'src/script.ts',
      formats: ['umd'],
      name: 'RTSPStreamClient',
      fileName: () => 'js_client.js',
    },
    rolldownOptions: { output: { exports: 'default' } },
  },
});
