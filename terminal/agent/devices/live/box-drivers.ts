import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import type { BoxLateOutcome, BoxPos } from '#drivers/ecr/box-pos.ts';
import { createEcrHubBox } from '#drivers/ecr/ecr-hub/ecr-hub-box.ts';
import { createStxEtxBox } from '#drivers/ecr/stx-etx/stx-etx-box.ts';
import { createBcd2Dialect } from '#drivers/ecr/stx-etx/bcd2-dialect.ts';
import { createTransbankDialect } from '#drivers/ecr/stx-etx/transbank-dialect.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { Bcd2TableConfig } from '#terminal/ipc/bcd2-table.ts';
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
  readonly table?: Bcd2TableConfig;
}

/**
 * The driver of a protocol. null: it cannot be made from these settings: ECR-Hub needs the number that the box's maker
 * gave, and `bcd2` the field table of the bank, which must ask for a sum and name it in its answer.
 */
export function createBoxDriver(settings: BoxSettings, deps: BoxDriverDeps): BoxPos | null {
  switch (settings.protocol) {
    case 'ecr-hub':
      return settings.appId === undefined
        ? null
        : createEcrHubBox({ ...deps, hub: { appId: settings.appId } });
    case 'transbank':
      return createStxEtxBox(deps, createTransbankDialect());
    case 'bcd2': {
      const { table } = settings;
      return table === undefined || !isUsable(table)
        ? null
        : createStxEtxBox(deps, createBcd2Dialect(table));
    }
  }
}

/** Without these fields an answer could not be told from another sale's: such a table must take no money. */
const neededInRequest = ['command', 'amount'] as const;
const neededInResponse = ['command', 'code', 'amount', 'ref'] as const;

const has = (fields: Bcd2TableConfig['request'], name: string): boolean =>
  fields.some((field) => field.name === name);

function isUsable({ request, response, lookup }: Bcd2TableConfig): boolean {
  const named = lookup === 'last-sale' || (has(request, 'order-no') && has(response, 'order-no'));
  return (
    named &&
    neededInRequest.every((name) => has(request, name)) &&
    neededInResponse.every((name) => has(response, name))
  );
}
