import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** Everything that decides what happens in a seed: the rooms that run in a world, and the versions of what they use. */
const rooms = [
  'cloud',
  'drivers',
  'e2e/kill',
  'e2e/sim',
  'shared',
  'terminal/agent',
  'terminal/ipc',
];
const locks = ['package-lock.json'];
const shortDigits = 16;

/**
 * Names the code that a verdict belongs to: a hash over the sources, so that an edit which nobody committed counts too.
 * Verdicts of different plans do not add up. Tests and words are not part of it.
 */
export function planOf(): string {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const digest = createHash('sha256');
  const files = rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ts|sql|json)$/.test(name) && !name.endsWith('.test.ts'))
      .map((name) => join(room, name)),
  );
  for (const name of [...locks, ...files.toSorted()])
    digest.update(`${name}\n`).update(readFileSync(join(root, name)));
  return digest.digest('hex').slice(0, shortDigits);
}
