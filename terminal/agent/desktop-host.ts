import type { MessagePort } from '#terminal/ipc/message-link.ts';
import { receiveWrapKey, wrapKeyFlag } from '#terminal/ipc/wrap-key.ts';
import {
  createOsStoreProtector,
  type KeyProtector,
} from '#terminal/agent/identity/key-protector.ts';

/** What a process hears from the desktop program that started it. */
export interface DesktopHost {
  readonly port: MessagePort;
  /** How the private key rests on disk: sealed with what the host hands over, if it has a store of the system. */
  readonly keyProtector: KeyProtector | undefined;
}

/** Electron's utility process speaks by `process.parentPort`, a plain child process by `process.send`. */
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

/** Waits for the key that was promised on the command line. */
export async function heardFromHost(): Promise<DesktopHost> {
  if (!process.argv.includes(wrapKeyFlag)) return { port: parentPort(), keyProtector: undefined };
  const { port, key } = receiveWrapKey(parentPort());
  return { port, keyProtector: createOsStoreProtector(Buffer.from(await key, 'base64')) };
}
