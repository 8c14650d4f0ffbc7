import type { MessagePort } from '#terminal/ipc/message-link.ts';

/**
 * The host hands the agent the key that its own key file is sealed with, as the first message, never as an argument or
 * in the environment, where other programs can read it:
 *
 *   host -> agent   {type: 'wrap-key', key: base64 of 32 bytes}
 *
 * The agent waits for it when it was started with {@link wrapKeyFlag}.
 */
export const wrapKeyFlag = '--wrap-key';

export const wrapKeyMessage = (key: string) => ({ type: 'wrap-key' as const, key });

/**
 * The agent's end: takes the key out of the stream of messages. Everything else waits until `port.onMessage` is called
 * and then comes in order, so that a call sent meanwhile is not lost.
 */
export function receiveWrapKey(port: MessagePort): {
  readonly port: MessagePort;
  /** Base64, as it came. */
  readonly key: Promise<string>;
} {
  const early: unknown[] = [];
  let listener: ((message: unknown) => void) | undefined;
  const key = new Promise<string>((resolve) => {
    port.onMessage((message) => {
      const { type, key: text } = (message ?? {}) as { type?: unknown; key?: unknown };
      if (type === 'wrap-key' && typeof text === 'string') resolve(text);
      else if (listener) listener(message);
      else early.push(message);
    });
  });
  return {
    key,
    port: {
      post: (message) => port.post(message),
      onMessage(serve) {
        listener = serve;
        for (const message of early.splice(0)) serve(message);
      },
    },
  };
}
