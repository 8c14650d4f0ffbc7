import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { rendererFolder } from './stage.ts';

const root = path.resolve(import.meta.dirname, '../..');
const sources = ['terminal/renderer', 'terminal/ipc', 'shared'] as const;

/** Builds the pages unless every source of theirs is older than what was built last. */
export async function ensureRenderer(beforeBuild: () => void = () => undefined): Promise<void> {
  if (!isStale()) return;
  beforeBuild();
  // Loaded only now: a start that builds nothing need not wait for the builder.
  const { build } = await import('vite');
  await build({
    configFile: path.join(root, 'terminal/renderer/vite.config.ts'),
    logLevel: 'warn',
  });
}

function isStale(): boolean {
  const built = path.join(rendererFolder, 'index.html');
  if (!existsSync(built)) return true;
  const builtMs = statSync(built).mtimeMs;
  return sources.some((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true }).some(
      (entry) =>
        entry.isFile() && statSync(path.join(entry.parentPath, entry.name)).mtimeMs > builtMs,
    ),
  );
}
