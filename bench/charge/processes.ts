import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { processWorkMs } from '../process-work.ts';

export interface BenchChannel {
  readonly baseUrl: string;
  /** How long the channel took over each payment, milliseconds by our number there. */
  latenciesMs(): Promise<Readonly<Record<string, number>>>;
  /** Milliseconds of processor that it has used so far. */
  workMs(): number;
  stop(): Promise<void>;
}

const channelFile = fileURLToPath(new URL('./channel.ts', import.meta.url));

/** The channel in a process of its own; its keys are in `folder` when it is ready. */
export async function startBenchChannel(options: {
  readonly folder: string;
  readonly delayMs: number;
}): Promise<BenchChannel> {
  const child = spawn(process.execPath, [channelFile, options.folder, String(options.delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const baseUrl = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.once('exit', () => reject(new Error(`the channel did not start: ${output}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const url = /^channel ready (\S+)$/m.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  return {
    baseUrl,
    workMs: () => processWorkMs(child.pid),
    async latenciesMs() {
      const answer = await fetch(`${baseUrl}/latencies`);
      return (await answer.json()) as Record<string, number>;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
