import { execFileSync, type StdioOptions } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { assert } from '#shared/result/assert.ts';

/** Somebody else's reader of ESC/POS: it was written without knowing our encoder. */
export interface ReceiptParser {
  readonly name: string;
  /** Null when it runs here; else what is missing, for the name of the skipped test. */
  readonly missing: string | null;
  /** What the receipt says, line by line; pictures and codes leave nothing in it. Throws at an unknown command. */
  readonly linesOf: (bytes: Uint8Array) => Promise<readonly string[]>;
}

/** The folder of escpos-tools, set up as its manual says, so that `php esc2text.php FILE` runs in it. */
const escposToolsVariable = 'GREENTILL_ESCPOS_TOOLS';

export const receiptParsers: readonly ReceiptParser[] = [npos(), escposTools()];

interface Npos {
  readonly parser: (rules: unknown) => {
    readonly parse: (
      raw: Buffer,
    ) => Promise<{ readonly entries: readonly { readonly type: string; readonly data: Buffer }[] }>;
  };
  readonly rules: Readonly<Record<number, Readonly<Record<string, unknown>>>>;
}

/**
 * `npos` (MIT). Its table was written before GS ( k: the command is added as its manual shows, with a length of two
 * bytes. Any other command that it does not know is an error.
 */
function npos(): ReceiptParser {
  const require = createRequire(import.meta.url);
  const load = (): Npos | null => {
    try {
      return require('npos') as Npos;
    } catch {
      return null;
    }
  };
  const library = load();
  return {
    name: 'npos',
    missing: library === null ? 'needs the package npos' : null,
    linesOf: async (bytes) => {
      assert(library !== null, () => 'npos is not installed');
      const groupSeparator = 0x1d;
      const twoDimensional = { '(k': [0, 'd16'] };
      const rules = {
        ...library.rules,
        [groupSeparator]: { ...library.rules[groupSeparator], ...twoDimensional },
      };
      const { entries } = await library.parser(rules).parse(Buffer.from(bytes));
      const texts = entries.filter(({ type }) => type === 'text').map(({ data }) => data);
      return linesIn(iconv.decode(Buffer.concat(texts), 'gb18030'));
    },
  };
}

/**
 * escpos-tools (MIT, PHP), which no package carries. It takes all text for code page 437 and knows no FS command: it
 * says so, and reads on after two bytes; a parameter left over then comes out as a control character.
 */
function escposTools(): ReceiptParser {
  const folder = process.env[escposToolsVariable];
  const runs = folder !== undefined && existsSync(join(folder, 'esc2text.php'));
  return {
    name: 'escpos-tools',
    missing: runs ? null : `needs ${escposToolsVariable}, a folder where php esc2text.php runs`,
    linesOf: (bytes) => {
      const scratch = mkdtempSync(join(tmpdir(), 'greentill-judge-'));
      const file = join(scratch, 'receipt.bin');
      try {
        writeFileSync(file, bytes);
        const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
        const options = {
          stdio,
          timeout: 20_000,
          ...(folder === undefined ? {} : { cwd: folder }),
        };
        const read = execFileSync('php', ['esc2text.php', file], options);
        const asSent = iconv.encode(read.toString('utf8'), 'cp437');
        return Promise.resolve(linesIn(iconv.decode(asSent, 'gb18030')));
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    },
  };
}

const linesIn = (text: string): readonly string[] =>
  text.split('\n').map((line) => line.replaceAll(/\p{Cc}/gu, '').trimEnd());
