import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable, Writable } from 'node:stream';
import type { FarWire } from '#drivers/core/far-side.ts';

type Socat = ChildProcessByStdio<Writable, Readable, null>;

const appearPollMs = 10;
const appearPollsMax = 500;

/** A pty whose device may stop taking bytes. */
export interface PtyWire extends FarWire {
  /** The device reads nothing any more, until the cable is pulled. */
  pause(): void;
}

/** Pseudo terminals come from socat; without it there are none. */
export function hasSocat(): boolean {
  return spawnSync('socat', ['-V'], { stdio: 'ignore' }).status === 0;
}

/**
 * A device on a pseudo terminal at `path` (a link to /dev/pts/N). Pulling the cable ends socat,
 * which hangs the terminal up exactly as an unplugged USB bridge does.
 */
export async function createPtyWire(path: string): Promise<PtyWire> {
  const byteListeners: ((chunk: Uint8Array) => void)[] = [];
  const presenceListeners: ((present: boolean) => void)[] = [];
  let socat: Socat | null = null;

  const plug = async (): Promise<void> => {
    if (socat !== null) return;
    rmSync(path, { force: true });
    const child = spawn('socat', ['-b', '65536', `PTY,raw,echo=0,link=${path}`, 'STDIO'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (chunk: Buffer) => {
      for (const listener of byteListeners) listener(chunk);
    });
    socat = child;
    for (let polls = 0; !existsSync(path) && polls < appearPollsMax; polls += 1) {
      await sleep(appearPollMs);
    }
    for (const listener of presenceListeners) listener(true);
  };
  const pull = async (): Promise<void> => {
    const child = socat;
    if (child === null) return;
    socat = null;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await ended;
    rmSync(path, { force: true });
    for (const listener of presenceListeners) listener(false);
  };
  await plug();
  return {
    address: path,
    send: (bytes) => void socat?.stdin.write(bytes),
    onBytes: (listener) => void byteListeners.push(listener),
    onPresence: (listener) => {
      presenceListeners.push(listener);
      if (socat !== null) listener(true);
    },
    pause: () => void socat?.kill('SIGSTOP'),
    pull,
    plug,
    close: pull,
  };
}
