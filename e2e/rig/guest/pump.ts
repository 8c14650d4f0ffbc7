import { spawn } from 'node:child_process';

/** A character device read and written by socat, which waits for it without holding a thread of Node. */
export interface Pump {
  send(bytes: Uint8Array | string): void;
  onBytes(listener: (chunk: Buffer) => void): void;
  /** Resolves when the device hung up or the pump was stopped. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export function openPump(node: string): Pump {
  const child = spawn('socat', ['-b', '65536', node, 'STDIO'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    send: (bytes) => void child.stdin.write(bytes),
    onBytes: (listener) => void child.stdout.on('data', listener),
    ended,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
