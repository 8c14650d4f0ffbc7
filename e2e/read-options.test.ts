import { execFile } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const startMsMax = 60_000;
/** What each says of itself when it does not understand. */
const commands = ['fuzz', 'kill', 'nightly', 'rig', 'sim', 'torture'] as const;

interface Ended {
  readonly code: number | string | null;
  readonly said: string;
  readonly complained: string;
}

function run(command: string, ...words: readonly string[]): Promise<Ended> {
  const file = path.join(import.meta.dirname, command, 'main.ts');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [file, ...words],
      { timeout: startMsMax },
      (error, said, complained) =>
        resolve({ code: error === null ? 0 : (error.code ?? null), said, complained }),
    );
  });
}

describe(
  'a command of e2e that is asked for something it does not know',
  { timeout: 90_000 },
  () => {
    it.each(commands)(
      '%s names the word and its usage, starts nothing, shows no stack',
      async (name) => {
        const { code, said, complained } = await run(name, '--nonsense');
        expect(code).toBe(2);
        expect(said).toBe('');
        expect(complained).toContain(`'--nonsense'`);
        expect(complained).toContain(`usage: npm run ${name} -- `);
        expect(complained).not.toMatch(/\n\s+at /);
      },
    );

    it.each([
      ['kill', '--sales', 'abc'],
      ['sim', '--planted', 'no-such-bug'],
      ['torture', '--count', '1.5'],
      ['nightly', '--only', 'no-such-part'],
    ])('%s %s %s: names what it cannot read, begins nothing', async (name, option, value) => {
      const { code, said, complained } = await run(name, option, value);
      expect({ code, said }).toEqual({ code: 2, said: '' });
      expect(complained).toContain(`${option} ${value}`);
      expect(complained).toContain(`usage: npm run ${name} -- `);
      expect(complained).not.toMatch(/\n\s+at /);
    });

    it('says its usage when asked for help, and ends well', async () => {
      const { code, said, complained } = await run('torture', '--help');
      expect({ code, complained }).toEqual({ code: 0, complained: '' });
      expect(said).toContain('usage: npm run torture -- ');
      expect(said).toContain('power-cuts');
    });
  },
);
