import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { readWords } from '#shared/command-line/read-words.ts';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { createAgent, type Agent } from '#terminal/agent/agent.ts';
import { loadConfig, type Config } from '#terminal/agent/config.ts';
import { runInWorker } from '#terminal/agent/store/run-in-worker.ts';
import type { TerminalError } from '#terminal/ipc/terminal-api.ts';
import { startWebHost, type WebHost } from '#terminal/web/host.ts';

/**
 * npm run terminal -- --config FILE [--port N] [--activate CODE] [--frame-ancestor ORIGIN]
 * The agent with its loopback UI. Prints one line with the address to open. A second signal ends it at once.
 */
const usage = 'usage: npm run terminal -- --config FILE [--port N] [--activate CODE]';
const portMax = 65_535;

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

/** A refusal in the catalogue's words, with what it is about. */
const explain = ({ code, detail }: TerminalError): string =>
  [`${code}: ${errorCatalogue[code].meaning} ${errorCatalogue[code].action}`, detail]
    .filter((part) => part !== undefined && part !== '')
    .join('\n  ');

const options = readOptions();
const config = await loadConfig(options.config);
if (!config.ok) fail(`${options.config}: ${explain(config.error)}`);
else await run(config.value);

async function run(tillConfig: Config): Promise<void> {
  const appVersion = process.env['npm_package_version'] ?? '0.1.0';
  const agent = await createAgent({ config: tillConfig, appVersion, runStoreTask: runInWorker });
  if (!agent.ok) return fail(`${tillConfig.dataDir}: ${explain(agent.error)}`);
  if (options.activate !== undefined && !agent.value.isActivated()) {
    const activated = await agent.value.activate(options.activate);
    if (!activated.ok) return fail(`activation refused: ${explain(activated.error)}`);
  }
  await agent.value.start();
  const host = await openHost(agent.value);
  process.stdout.write(`greentill till ready ${host.url}\n`);
  stopOnSignals(async () => {
    await host.close();
    await agent.value.stop();
  });
}

async function openHost(agent: Agent): Promise<WebHost> {
  try {
    return await startWebHost({
      api: agent.api,
      token: randomBytes(24).toString('base64url'),
      port: options.port,
      rendererFolder: path.resolve(import.meta.dirname, '../../out/renderer'),
      frameAncestors: options.frameAncestors,
    });
  } catch (error) {
    const inUse = (error as { code?: unknown }).code === 'EADDRINUSE';
    return fail(
      inUse
        ? `Port ${options.port} is in use: another till may be running. Stop it, or choose one with --port.`
        : `the page cannot be served: ${String(error)}`,
    );
  }
}

function stopOnSignals(close: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      close().then(
        () => process.exit(0),
        (error: unknown) => fail(`it did not stop cleanly: ${String(error)}`),
      );
    });
  }
}

function readOptions(): {
  readonly config: string;
  readonly port: number;
  readonly activate: string | undefined;
  readonly frameAncestors: readonly string[];
} {
  const read = readWords(process.argv.slice(2), {
    config: { type: 'text' },
    port: { type: 'whole', min: 0, max: portMax, default: 7_320 },
    activate: { type: 'text' },
    'frame-ancestor': { type: 'texts' },
  });
  if (!read.ok) return fail(`${read.error}\n${usage}`);
  const { 'frame-ancestor': frameAncestors, ...values } = read.value.values;
  return { ...values, config: values.config ?? fail(usage), frameAncestors };
}
