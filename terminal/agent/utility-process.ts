import { serveApi, type MessagePort } from '#terminal/ipc/message-link.ts';
import { receiveWrapKey, wrapKeyFlag } from '#terminal/ipc/wrap-key.ts';
import { createAgent } from '#terminal/agent/agent.ts';
import { loadConfig } from '#terminal/agent/config.ts';
import {
  createOsStoreProtector,
  type KeyProtector,
} from '#terminal/agent/identity/key-protector.ts';
import { runInWorker } from '#terminal/agent/store/run-in-worker.ts';

/**
 * The agent as a process of its own, spoken to by messages: Electron's utility process (`process.parentPort`) or a
 * plain child process (`process.send`). Started with `--config FILE`. Exits with 1 when it cannot open its data.
 */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

function parentPort(): MessagePort {
  const { parentPort: port } = process as unknown as { readonly parentPort?: ParentPort };
  if (port) {
    return {
      post: (message) => port.postMessage(message),
      onMessage: (listener) => port.on('message', ({ data }) => listener(data)),
    };
  }
  return {
    post: (message) => void process.send?.(message),
    onMessage: (listener) => process.on('message', listener),
  };
}

/** How the private key rests on disk: sealed with what the host hands over, if it has a store of the system. */
async function protectorFrom(key: Promise<string>): Promise<KeyProtector> {
  return createOsStoreProtector(Buffer.from(await key, 'base64'));
}

const isSealed = process.argv.includes(wrapKeyFlag);
const handed = isSealed ? receiveWrapKey(parentPort()) : undefined;
const port = handed?.port ?? parentPort();
const file = process.argv[process.argv.indexOf('--config') + 1] ?? '';
const config = await loadConfig(file);
const agent = config.ok
  ? await createAgent({
      config: config.value,
      appVersion: process.env['npm_package_version'] ?? '0.1.0',
      runStoreTask: runInWorker,
      ...(handed ? { keyProtector: await protectorFrom(handed.key) } : {}),
    })
  : config;

if (agent.ok) {
  await agent.value.start();
  serveApi(port, agent.value.api);
  const stop = (): void => void agent.value.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('disconnect', stop);
} else {
  port.post({ type: 'failed', code: agent.error.code });
  process.stderr.write(`the agent cannot start: ${agent.error.code} ${agent.error.detail ?? ''}\n`);
  process.exitCode = 1;
}
