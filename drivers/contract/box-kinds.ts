import type { Clock } from '#shared/time/clock.ts';
import type { FarSide } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { BoxPos } from '#drivers/ecr/box-pos.ts';
import { createEcrHubBox } from '#drivers/ecr/ecr-hub/ecr-hub-box.ts';
import type { BoxDeps } from '#drivers/ecr/session/box-session.ts';
import { createStxEtxBox } from '#drivers/ecr/stx-etx/stx-etx-box.ts';
import { createBcd2Dialect } from '#drivers/ecr/stx-etx/bcd2-dialect.ts';
import { exampleBcd2Table } from '#drivers/ecr/stx-etx/bcd2-table.ts';
import { ticketOf } from '#drivers/ecr/stx-etx/ticket.ts';
import { createTransbankDialect } from '#drivers/ecr/stx-etx/transbank-dialect.ts';
import type { BoxDesk } from '#drivers/simulator/box/box-desk.ts';
import { createEcrHubSimulator } from '#drivers/simulator/box/box-ecr-hub.ts';
import { createStxEtxSimulator } from '#drivers/simulator/box/box-stx-etx.ts';
import { createBcd2Words, createTransbankWords } from '#drivers/simulator/box/box-words.ts';

/** One protocol: the till's driver and the box at the other end. What every box suite runs on. */
export interface BoxKind {
  readonly name: string;
  readonly createBox: (deps: BoxDeps) => BoxPos;
  readonly createSimulator: (deps: {
    readonly timers: Timers;
    readonly clock: Clock;
  }) => BoxDesk & {
    attach(far: FarSide): void;
    stop?(): void;
  };
  /** Our order number as the books of the box hold it. */
  readonly markOf: (merchantOrderNo: string) => string;
  /** Its frames carry a number: one that comes twice is obeyed once, and may be repeated into silence. */
  readonly knowsRepeats: boolean;
  /** The box can be asked to give a sale up, finds a sale by our number, and takes back parts of one. */
  readonly can: {
    readonly close: boolean;
    readonly findAny: boolean;
    readonly refundPart: boolean;
  };
}

export const boxKinds: readonly BoxKind[] = [
  {
    name: 'ecr-hub',
    createBox: (deps) => createEcrHubBox({ ...deps, hub: { appId: 'wz0123456789' } }),
    createSimulator: createEcrHubSimulator,
    markOf: (merchantOrderNo) => merchantOrderNo,
    knowsRepeats: true,
    can: { close: true, findAny: true, refundPart: true },
  },
  {
    name: 'transbank',
    createBox: (deps) => createStxEtxBox(deps, createTransbankDialect()),
    createSimulator: (deps) => createStxEtxSimulator({ ...deps, words: createTransbankWords() }),
    markOf: ticketOf,
    knowsRepeats: false,
    can: { close: false, findAny: false, refundPart: false },
  },
  {
    name: 'bcd2',
    createBox: (deps) => createStxEtxBox(deps, createBcd2Dialect(exampleBcd2Table)),
    createSimulator: (deps) =>
      createStxEtxSimulator({ ...deps, words: createBcd2Words(exampleBcd2Table) }),
    markOf: (merchantOrderNo) => merchantOrderNo,
    knowsRepeats: false,
    can: { close: false, findAny: false, refundPart: true },
  },
];
