import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CloudProcess {
  readonly origin: string;
  readonly child: ChildProcess;
  /** kill -9: the process gets no chance to do anything. */
  kill(): Promise<void>;
  /** SIGTERM and wait. Returns the exit code. */
  stop(): Promise<number | null>;
}

const serverFile = fileURLToPath(new URL('../../server.ts', import.meta.url));
const readyTimeoutMs = 60_000;

/** The real `npm run cloud` as a process of its own; resolves with its ready line. */
export function startCloudProcess(
  environment: Readonly<Record<string, string>>,
): Promise<CloudProcess> {
  const child = spawn(process.execPath, [serverFile], {
    env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'error', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  let output = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`cloud not ready in ${readyTimeoutMs} ms: ${output}`));
    }, readyTimeoutMs);
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const origin = /^greentill cloud ready (\S+)$/m.exec(output)?.[1];
      if (origin === undefined) return;
      clearTimeout(timer);
      resolve({
        origin,
        child,
        async kill() {
          child.kill('SIGKILL');
          await exited;
        },
        stop() {
          child.kill('SIGTERM');
          return exited;
        },
      });
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`cloud exited ${code}: ${output}`));
    });
  });
}
