import type { FaceHouse } from '#cloud/channel-simulator/face.ts';

const notifyTimeoutMs = 5_000;
/** Notifies on their way at once; above it one is lost, as it may be with a real channel. */
export const notifiesMax = 1_000;

/** Posts notifies one after the other, so that a double one comes second. */
export function createNotifier(closing: AbortSignal): FaceHouse['notify'] {
  let open = 0;
  return ({ url, headers, body, times }) => {
    if (open >= notifiesMax) return;
    open += 1;
    const post = async (): Promise<void> => {
      for (let round = 0; round < times; round += 1) {
        const signal = AbortSignal.any([closing, AbortSignal.timeout(notifyTimeoutMs)]);
        await fetch(url, { method: 'POST', headers, body, signal });
      }
    };
    void post()
      .catch(() => undefined)
      .finally(() => {
        open -= 1;
      });
  };
}
