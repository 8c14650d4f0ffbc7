import { builtinModules } from 'node:module';
import path from 'node:path';
import { build } from 'vite';

const repo = path.resolve(import.meta.dirname, '../..');
/** Packages with a binary of their own are loaded from node_modules, as everywhere. */
const external = [
  'better-sqlite3',
  'node-hid',
  'serialport',
  ...builtinModules,
  ...builtinModules.map((name) => `node:${name}`),
];

/**
 * The guest's checks, with the drivers and the agent of this working tree, as one file of JavaScript: an emulated
 * processor reads one file in a second and a thousand in a minute.
 */
export async function bundleGuest(
  entry = path.join(import.meta.dirname, 'guest/main.ts'),
  name = 'guest.mjs',
): Promise<string> {
  const outDir = path.join(repo, 'out/rig');
  await build({
    root: repo,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      ssr: entry,
      // Another guest's file may lie beside this one.
      emptyOutDir: false,
      outDir,
      minify: false,
      target: 'node24',
      rollupOptions: {
        external,
        output: { format: 'es', entryFileNames: name, codeSplitting: false },
      },
    },
  });
  return path.join(outDir, name);
}
