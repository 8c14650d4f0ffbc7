import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The terminal in another language, written from docs/wire.md alone. */
const client = join(import.meta.dirname, 'wire_terminal.py');
export const wireTimeoutMs = 120_000;

const works = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const hasPython = works('python3', '-c', 'import sys; assert sys.version_info >= (3, 8)');

/** What signs for it, and whether this machine has it. */
export const cryptos = [
  { crypto: 'cryptography', isThere: hasPython && works('python3', '-c', 'import cryptography') },
  { crypto: 'openssl', isThere: hasPython && works('openssl', 'version') },
] as const;

/** Runs one of its commands; answers what it printed. */
export async function askPython(
  crypto: string,
  ...args: string[]
): Promise<Record<string, unknown>> {
  const env = { ...process.env, WIRE_CRYPTO: crypto, PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await promisify(execFile)('python3', [client, ...args], {
    env,
    timeout: wireTimeoutMs,
  });
  return JSON.parse(stdout) as Record<string, unknown>;
}
