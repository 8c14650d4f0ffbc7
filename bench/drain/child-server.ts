import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildServer {
  readonly origin: string;
  stop(): Promise<void>;
}

const readyTimeoutMs = 60_000;

/** Runs a server of the benchmark as its own process; it says "ready ORIGIN" when it listens. */
export function startChildServer(
  file: string,
  options: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
): Promise<ChildServer> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${file} not ready: ${output}`));
    }, readyTimeoutMs);
    const read = (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const origin = /ready (http:\S+)/.exec(output)?.[1];
      if (origin === undefined) return;
      clearTimeout(timer);
      resolve({
        origin,
        async stop() {
          child.kill('SIGTERM');
          await exited;
        },
      });
    };
    child.stdout.on('data', read);
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    child.once('exit', (code) => reject(new Error(`${file} exited ${code}: ${output}`)));
  });
}
