import type { DeviceErrorCode } from '#shared/errors/device.ts';
import { fen } from '#shared/money/fen.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import { createLinkSupervisor, type Link } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import {
  displayAtRest,
  stepDisplay,
  type DisplayEffect,
  type DisplayEvent,
  type DisplayFace,
  type DisplayState,
} from '#drivers/display/display-machine.ts';
import {
  amountText,
  encodeLed8n,
  lampOrder,
  type DisplayLamp,
  type Led8nCommand,
} from '#drivers/display/led8n-bytes.ts';

export interface CustomerDisplayDeps {
  /** A serial line at `led8nBaud` unless the display was set to another speed. */
  readonly transport: Transport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly onState?: (state: LinkState) => void;
}

/** A display for the customer. It only listens: "online" says that the port is open, never that somebody sees it. */
export interface CustomerDisplay {
  readonly address: string;
  /** Connects and keeps connected. */
  start(): void;
  /** Clears the display as far as that is possible, then disconnects. */
  stop(): Promise<void>;
  /** The last value wins; at most five updates a second; shown again after a reconnect. */
  show(value: { readonly kind: DisplayLamp; readonly amountFen: number }): void;
  clear(): void;
  /** All segments and all lamps for two seconds, or until the next value. Errors: why the port is not open. */
  test(): Result<void, DeviceErrorCode>;
  state(): LinkState;
  recentBytes(): readonly string[];
}

export const displayTestMs = 2_000;

export function createCustomerDisplay(deps: CustomerDisplayDeps): CustomerDisplay {
  const test = createAlarm(deps.timers);
  // A port that takes no bytes is of no use: the next one shows the value again.
  const pen = createDisplayPen(deps, () => supervisor.restart());
  const supervisor = createLinkSupervisor({
    ...deps,
    onUp: (link) => pen.take(link),
    onDown: () => void pen.lose(),
    onData: () => undefined,
  });

  return {
    address: deps.transport.address,
    start: () => supervisor.start(),
    stop: async () => {
      test.clear();
      const open = pen.lose();
      // An amount that stays on a dead till's display would be a lie.
      await open?.write(bytesOf({ type: 'blank' }, false));
      await open?.drain();
      await supervisor.stop();
    },
    show: ({ kind, amountFen }) => {
      test.clear();
      pen.handle({ type: 'want', face: { type: 'amount', kind, amountFen: fen(amountFen) } });
    },
    clear: () => {
      test.clear();
      pen.handle({ type: 'want', face: { type: 'blank' } });
    },
    test: () => {
      const state = supervisor.state();
      if (state.type === 'offline') return err(state.code);
      test.set(displayTestMs, () => pen.handle({ type: 'test-over' }));
      pen.handle({ type: 'test-begins' });
      return ok(undefined);
    },
    state: () => supervisor.state(),
    recentBytes: () => supervisor.recentBytes(),
  };
}

/** Carries out the display machine on whatever link is up. */
interface DisplayPen {
  handle(event: DisplayEvent): void;
  take(link: Link): void;
  /** Answers the link it let go of. */
  lose(): Link | null;
}

function createDisplayPen(
  { clock, timers }: Pick<CustomerDisplayDeps, 'clock' | 'timers'>,
  onStuck: () => void,
): DisplayPen {
  const gap = createAlarm(timers);
  let machine: DisplayState = displayAtRest;
  let link: Link | null = null;

  const handle = (event: DisplayEvent): void => {
    const step = stepDisplay(machine, event, clock.monotonicMs());
    machine = step.state;
    for (const effect of step.effects) run(effect);
  };
  const run = (effect: DisplayEffect): void => {
    switch (effect.type) {
      case 'wait':
        gap.set(effect.delayMs, () => handle({ type: 'gap-over' }));
        return;
      case 'write':
        if (link) void write(link, bytesOf(effect.face, effect.fresh));
        return;
      default:
        exhaustive(effect);
    }
  };
  const write = async (to: Link, bytes: Uint8Array): Promise<void> => {
    const outcome = await to.write(bytes);
    if (to !== link) return;
    if (outcome.ok) handle({ type: 'written' });
    else onStuck();
  };

  return {
    handle,
    take: (fresh) => {
      link = fresh;
      handle({ type: 'up' });
    },
    lose: () => {
      const lost = link;
      link = null;
      gap.clear();
      handle({ type: 'down' });
      return lost;
    },
  };
}

/** A whole face in one write: digits and lamps never show two different moments. */
function bytesOf(face: DisplayFace, fresh: boolean): Uint8Array {
  const commands: readonly Led8nCommand[] = fresh
    ? [{ type: 'initialize' }, ...commandsOf(face)]
    : commandsOf(face);
  return Buffer.concat(commands.map(encodeLed8n));
}

function commandsOf(face: DisplayFace): readonly Led8nCommand[] {
  switch (face.type) {
    case 'amount':
      return [
        { type: 'show', text: amountText(face.amountFen) },
        { type: 'lamp', lamp: face.kind },
      ];
    case 'blank':
      return [{ type: 'clear' }, { type: 'lamp', lamp: 'none' }];
    case 'test':
      return [
        { type: 'show', text: '8.8.8.8.8.8.8.8.' },
        { type: 'lamps', on: lampOrder },
      ];
    default:
      return exhaustive(face);
  }
}
