import { io, type Socket } from 'socket.io-client';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { DeviceKey } from '#terminal/agent/identity/device-key.ts';
import type { Session } from '#terminal/agent/identity/session.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import { signatureHeaders } from '#terminal/agent/uplink/request-signature.ts';

/** Listens for "pull now". A lost hint costs time and nothing else: the cursor over HTTP is the truth. */
export interface HintSocket {
  readonly start: () => void;
  /** The line is up again: connects now instead of when the pause after the last failure ends. */
  readonly wake: () => void;
  readonly stop: () => void;
}

export const hintsPath = '/hints';
const nonceBytes = 18;
const reconnectPauseMsMax = 30_000;

export function createHintSocket(deps: {
  readonly cloudUrl: string;
  readonly key: DeviceKey;
  readonly session: Session;
  readonly cloud: CloudClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly onPull: () => void;
}): HintSocket {
  let socket: Socket | undefined;

  /** The token is a signed GET of the hints path, made fresh for every connection. */
  const auth = (give: (data: object) => void): void => {
    const terminalId = deps.session.identity()?.terminalId ?? '';
    const headers = signatureHeaders(
      {
        method: 'GET',
        targetUri: deps.cloudUrl + hintsPath,
        body: new Uint8Array(),
        terminalSeq: deps.clock.nowMs(),
        created: Math.trunc(deps.cloud.cloudNowMs() / 1_000),
        nonce: Buffer.from(deps.random.bytes(nonceBytes)).toString('base64url'),
        terminalId,
      },
      deps.key,
    );
    give(headers);
  };

  const start = (): void => {
    if (socket || !deps.session.identity()) return;
    socket = io(deps.cloudUrl, {
      path: hintsPath,
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelayMax: reconnectPauseMsMax,
      auth,
    });
    socket.on('pull', deps.onPull);
    socket.on('connect', deps.onPull);
  };
  const stop = (): void => {
    socket?.disconnect();
    socket = undefined;
  };

  return {
    start,
    wake: () => {
      if (!socket || socket.connected) return;
      stop();
      start();
    },
    stop,
  };
}
