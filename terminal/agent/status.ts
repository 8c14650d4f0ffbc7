import type { Timers } from '#drivers/core/timers.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { promiseStatus } from '#terminal/agent/checkout/promise-room.ts';
import { offlineRoom, type RoomDeps } from '#terminal/agent/checkout/offline-room.ts';
import type { DeviceSet } from '#terminal/agent/devices/device-set.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { exceptionRows } from '#terminal/agent/tally/exception-rows.ts';
import type { OwnerDesk } from '#terminal/agent/owner/owner-desk.ts';
import type { Troubles } from '#terminal/agent/troubles.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import type { Link } from '#terminal/agent/uplink/link.ts';
import { undelivered } from '#terminal/agent/uplink/undelivered.ts';
import type { Status } from '#terminal/ipc/state.ts';

/** The bar that is always in sight: line, unsent count, offline room, devices. */
export interface StatusBoard {
  readonly get: () => Status;
  /** Something it shows has changed; changes close together become one event. */
  readonly changed: () => void;
  readonly onChange: (listener: () => void) => void;
  readonly stop: () => void;
}

/** A till without settings has no identity yet: it refuses every sale, and says so before the first one. */
const problemOf = (code: ErrorCode | undefined, config: ConfigPayload | undefined) =>
  code !== undefined ? { code } : config ? null : ({ code: 'agent-not-activated' } as const);

/** No reason to doubt the till at the counter: these stand in the exceptions list. */
const quietCodes: ReadonlySet<ErrorCode> = new Set([
  'catalogue-signature-invalid',
  'clock-skewed',
  'disk-low',
  'receipt-template-lost',
  'store-backup-failed',
  'store-disk-faulty',
]);

/** Far below what a person notices, and it spares a window the bursts of a sync. */
const gatherMs = 50;

export function createStatus(deps: {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  readonly link: Link;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly config: () => ConfigPayload | undefined;
  readonly devices: DeviceSet;
  readonly troubles: Troubles;
  readonly cashier: string;
  readonly owner: Pick<OwnerDesk, 'isPinSet'>;
}): StatusBoard {
  const { read } = deps.journal;
  const listeners: (() => void)[] = [];
  let version = 0;
  let cancel: (() => void) | undefined;
  let stopped = false;

  const room: RoomDeps = {
    read,
    config: deps.config,
    nowMs: () => deps.cloud.cloudNowMs(),
    sinceContactMs: deps.link.sinceContactMs,
  };

  const get = (): Status => {
    const config = deps.config();
    const waiting = undelivered(read);
    const troubles = deps.troubles.list();
    const first = troubles.find(({ code }) => !quietCodes.has(code));
    return {
      version,
      merchantName: config?.merchantName ?? '',
      storeName: config?.storeName ?? '',
      cashier: deps.cashier,
      concessionBp: config?.concessionBp ?? 0,
      online: deps.link.online(),
      offlineSinceMs: deps.link.offlineSinceMs(),
      unsentCount: waiting.count,
      unsentFen: waiting.sumFen,
      offline: offlineRoom(room),
      promises: promiseStatus(room),
      exceptionCount: exceptionRows(read, troubles).length,
      problem: problemOf(first?.code, config),
      isActivated: config !== undefined,
      isOwnerPinSet: deps.owner.isPinSet(),
      devices: [...deps.devices.views()],
    };
  };

  return {
    get,
    changed: () => {
      if (cancel || stopped) return;
      cancel = deps.timers.after(gatherMs, () => {
        cancel = undefined;
        version += 1;
        for (const listener of listeners) listener();
      });
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
    stop: () => {
      stopped = true;
      cancel?.();
    },
  };
}
