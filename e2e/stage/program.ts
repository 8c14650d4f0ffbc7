import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One of our programs as a process of its own, started as a user would, killable at any moment. */
export interface Program {
  readonly pid: number;
  /** The match of the ready line. */
  readonly ready: RegExpMatchArray;
  /** The last lines it printed, for failures. */
  readonly tail: readonly string[];
  readonly running: boolean;
  /** Asks it to stop and waits; SIGKILL after 10 s. */
  stop(): Promise<void>;
  /**
   * kill -9, and waits until it is gone. With `struck` somebody else strikes at a moment of his own, and this waits for
   * him first: the end is then no surprise.
   */
  kill(struck?: Promise<void>): Promise<void>;
}

export interface ProgramOptions {
  readonly name: string;
  /** Path from the root of the repository. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The line that says it can be used. */
  readonly readyLine: RegExp;
  readonly onLine?: (line: string) => void;
  /** It was ready and then ended though nobody asked it to. */
  readonly onLost?: () => void;
}

/** A start costs about a second of a processor: on a host where others have all of it, that takes minutes. */
const readyMsMax = 240_000;
const stopMsMax = 10_000;
const tailLinesMax = 40;

export async function startProgram(options: ProgramOptions): Promise<Program> {
  const child = spawn(process.execPath, [options.entry, ...(options.args ?? [])], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail: string[] = [];
  let running = true;
  let asked = false;
  let isReady = false;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      running = false;
      // A native crash or a stranger's kill leaves no words of its own.
      if (!asked) options.onLine?.(`ended by itself: ${signal ?? `exit code ${code}`}`);
      if (!asked && isReady) options.onLost?.();
      resolve();
    });
  });
  const ready = await waitForReady(child, options, tail);
  isReady = true;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!running) return;
    asked = true;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    await exited;
    clearTimeout(timer);
  };
  return {
    pid: child.pid ?? 0,
    ready,
    tail,
    get running() {
      return running;
    },
    stop: () => end('SIGTERM'),
    kill: async (struck) => {
      asked = true;
      await struck;
      await end('SIGKILL');
    },
  };
}

function waitForReady(
  child: ChildProcess,
  options: ProgramOptions,
  tail: string[],
): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new Error(`${options.name} ${why}\n${tail.join('\n')}`));
    const timer = setTimeout(() => fail(`was not ready within ${readyMsMax} ms`), readyMsMax);
    const read = (line: string): void => {
      tail.push(line);
      if (tail.length > tailLinesMax) tail.shift();
      options.onLine?.(line);
      const match = options.readyLine.exec(line);
      if (!match) return;
      clearTimeout(timer);
      resolve(match);
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', read);
    }
    child.once('exit', () => {
      clearTimeout(timer);
      fail('ended before it was ready');
    });
  });
}
