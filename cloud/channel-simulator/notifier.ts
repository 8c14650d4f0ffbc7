import { setTimeout as sleep } from 'node:timers/promises';
import type { FaceHouse, NotifyManners } from '#cloud/channel-simulator/face.ts';

const notifyTimeoutMs = 5_000;
const answerCharsMax = 1_000;
/** Notifies on their way at once; above it one is lost, as it may be with a real channel. */
export const notifiesMax = 1_000;

type Call = Parameters<FaceHouse['notify']>[0];

/**
 * Posts notifies one after the other, so that a double one comes second; each is posted again, signed anew, until the
 * far end says its word for "accepted" or the channel gives up. `speedUp` divides every wait.
 */
export function createNotifier(line: { readonly closing: AbortSignal; readonly speedUp: number }): {
  readonly notify: FaceHouse['notify'];
  readonly openCount: () => number;
} {
  const { closing, speedUp } = line;
  let open = 0;
  const pause = async (ms: number): Promise<void> => {
    if (ms > 0) await sleep(ms / speedUp, undefined, { signal: closing, ref: false });
  };
  const carry = async ({ times, afterMs = 0, manners, ...call }: Call): Promise<void> => {
    await pause(afterMs);
    for (let round = 0; round < times; round += 1)
      for (const waitMs of [0, ...manners.pausesMs]) {
        await pause(waitMs);
        if (await isTaken(call, manners, closing)) break;
      }
  };
  const notify: FaceHouse['notify'] = (call) => {
    if (open >= notifiesMax) return;
    open += 1;
    void carry(call)
      .catch(() => undefined)
      .finally(() => {
        open -= 1;
      });
  };
  return { notify, openCount: () => open };
}

/** Posts once. A far end that is not there has not accepted. */
async function isTaken(
  { url, make }: Pick<Call, 'url' | 'make'>,
  manners: NotifyManners,
  closing: AbortSignal,
): Promise<boolean> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(notifyTimeoutMs)]);
  try {
    const answer = await fetch(url, { method: 'POST', ...make(), signal });
    const body = (await answer.text()).slice(0, answerCharsMax);
    return manners.accepts({ status: answer.status, body });
  } catch {
    closing.throwIfAborted();
    return false;
  }
}
