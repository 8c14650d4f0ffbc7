import type { Timers } from '#drivers/core/timers.ts';
import type { BoxLateOutcome } from '#drivers/ecr/box-pos.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createBoxDriver } from '#terminal/agent/devices/live/box-drivers.ts';
import { createDeviceLine, type LineDeps } from '#terminal/agent/devices/ports/device-line.ts';
import type { BoxProbe } from '#terminal/agent/devices/ports/device-probe.ts';

export interface BoxProbeDeps extends LineDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  /** A probe may be the first to hear what a box has to say of an earlier sale. */
  readonly onLateBoxOutcome: (late: BoxLateOutcome) => void;
}

/** A box that is switched on answers its handshake within this time; slower ones are tried again by hand. */
const answerMsMax = 6_000;
const lookMs = 100;
export const boxBaudDefault = 115_200;

/**
 * Connects as the box's own driver does and waits for a word from it. Nothing but the handshake of
 * the protocol is sent: no sale, no query.
 */
export const createBoxProbe =
  (deps: BoxProbeDeps): BoxProbe =>
  async ({ transport, protocol }, cancelled) => {
    const baudRate = transport.type === 'serial' ? (transport.baudRate ?? boxBaudDefault) : null;
    const answer = (code: ErrorCode | null) => ({
      found: code === null,
      transport:
        code === null && transport.type === 'serial' && baudRate !== null
          ? { ...transport, baudRate }
          : transport,
      tried: [{ baudRate, code }],
    });
    const settings = { config: transport, identity: null, baudDefault: boxBaudDefault };
    const line = createDeviceLine(settings, deps);
    const box = createBoxDriver(
      // The number of the integration is not asked for before a sale.
      { protocol, appId: 'probe' },
      {
        ...deps,
        transport: line.transport,
        onStatus: () => undefined,
        onLateOutcome: deps.onLateBoxOutcome,
      },
    );
    if (!box) return answer('device-unsupported');
    box.start();
    let seen = false;
    for (let waitedMs = 0; waitedMs < answerMsMax && !seen && !cancelled(); waitedMs += lookMs) {
      await new Promise<void>((resolve) => void deps.timers.after(lookMs, resolve));
      seen = box.status().state !== 'offline';
    }
    const { link } = box.status();
    line.giveUp();
    await box.stop();
    if (seen) return answer(null);
    return answer(link.type === 'offline' ? link.code : 'device-no-answer');
  };
