import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import type { BoxLateOutcome, BoxPos } from '#drivers/ecr/box-pos.ts';
import { createEcrHubBox } from '#drivers/ecr/ecr-hub-box.ts';
import { createStxEtxBox } from '#drivers/ecr/stx-etx-box.ts';
import { createTransbankDialect } from '#drivers/ecr/stx-etx/transbank-dialect.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { BoxProtocol } from '#terminal/ipc/devices.ts';

export interface BoxDriverDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly onStatus: () => void;
  readonly onLateOutcome: (late: BoxLateOutcome) => void;
}

export interface BoxSettings {
  readonly protocol: BoxProtocol;
  readonly appId?: string;
}

/**
 * The driver of a protocol. null: it cannot be made from these settings: ECR-Hub needs the number that the box's maker
 * gave, and `bcd2` a field table of the bank, which no setting of this till carries.
 */
export function createBoxDriver(settings: BoxSettings, deps: BoxDriverDeps): BoxPos | null {
  switch (settings.protocol) {
    case 'ecr-hub':
      return settings.appId === undefined
        ? null
        : createEcrHubBox({ ...deps, hub: { appId: settings.appId } });
    case 'transbank':
      return createStxEtxBox(deps, createTransbankDialect());
    case 'bcd2':
      return null;
  }
}
