// Builds what Electron loads into out/desktop: main, preload (CommonJS, because the renderer is sandboxed), agent, the
// store commands, and what the agent looks for beside itself: the thread that makes backups, and the glyphs of printers without Chinese.
import { copyFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { build } from 'vite';

const root = path.resolve(import.meta.dirname, '../..');
const outDir = path.join(root, 'out/desktop');
/** Native packages and Electron itself stay outside the bundles. */
const external = [
  'electron',
  'better-sqlite3',
  'serialport',
  ...builtinModules,
  ...builtinModules.map((name) => `node:${name}`),
];

interface Bundle {
  readonly entry: string;
  readonly format: 'es' | 'cjs';
  readonly fileName: string;
}

const bundles: readonly Bundle[] = [
  { entry: 'terminal/main/main.ts', format: 'es', fileName: 'main.mjs' },
  { entry: 'terminal/preload/preload.ts', format: 'cjs', fileName: 'preload.cjs' },
  { entry: 'terminal/agent/utility-process.ts', format: 'es', fileName: 'agent.mjs' },
  { entry: 'terminal/agent/store-process.ts', format: 'es', fileName: 'store.mjs' },
  { entry: 'terminal/agent/store/store-worker.ts', format: 'es', fileName: 'store-worker.mjs' },
];

/** Read from beside the agent's bundle as from beside its source. */
const data = ['drivers/printer/glyphs/glyph-pack.br'] as const;

/** Answers the folder of the bundles. */
export async function buildDesktop(): Promise<string> {
  for (const { entry, format, fileName } of bundles) {
    await build({
      root,
      configFile: false,
      logLevel: 'warn',
      publicDir: false,
      ssr: { noExternal: true },
      build: {
        ssr: path.join(root, entry),
        outDir,
        emptyOutDir: false,
        minify: false,
        sourcemap: true,
        target: 'node24',
        rollupOptions: {
          external,
          output: { format, entryFileNames: fileName, codeSplitting: false },
        },
      },
    });
  }
  for (const file of data)
    await copyFile(path.join(root, file), path.join(outDir, path.basename(file)));
  return outDir;
}
