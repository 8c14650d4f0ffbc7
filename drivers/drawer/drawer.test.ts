import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { calibrateDrawer, leftOpenMsDefault } from '#drivers/drawer/calibrate-drawer.ts';
import {
  drawerStart,
  kickOpensMsMax,
  stepDrawer,
  type DrawerCalibration,
  type DrawerEvent,
  type DrawerInput,
} from '#drivers/drawer/drawer-machine.ts';
import { createDrawerSense } from '#drivers/drawer/drawer-sense.ts';
import { createReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import { createPrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';

const calibration: DrawerCalibration = { openMeans: 'high', leftOpenMs: 60_000 };
type Timed = readonly [atMs: number, input: DrawerInput];

const high: DrawerInput = { type: 'level', level: 'high' };
const low: DrawerInput = { type: 'level', level: 'low' };
const kicked: DrawerInput = { type: 'kicked' };
const lineDown: DrawerInput = { type: 'line-down' };
const timeout: DrawerInput = { type: 'timeout' };

function run(inputs: readonly Timed[], by: DrawerCalibration | null = calibration) {
  let state = drawerStart;
  const events: DrawerEvent[] = [];
  for (const [nowMs, input] of inputs) {
    const step = stepDrawer(state, input, { nowMs, calibration: by });
    state = step.state;
    events.push(...step.events);
  }
  return { state, events };
}

describe('what the switch of a drawer says', () => {
  it.each<readonly [string, readonly Timed[], readonly DrawerEvent[]]>([
    [
      'kicked, opens, closes',
      [
        [0, low],
        [10, kicked],
        [110, high],
        [5_110, low],
      ],
      [{ type: 'drawer-opened' }, { type: 'drawer-closed', openMs: 5_000 }],
    ],
    [
      'opens by key',
      [
        [0, low],
        [10, high],
      ],
      [{ type: 'drawer-opened-without-kick' }],
    ],
    [
      'opens long after the pulse: it was not the pulse',
      [
        [0, low],
        [10, kicked],
        [11 + kickOpensMsMax, high],
      ],
      [{ type: 'drawer-opened-without-kick' }],
    ],
    [
      'a pulse opens once: the second opening is by hand',
      [
        [0, low],
        [1, kicked],
        [100, high],
        [200, low],
        [300, high],
      ],
      [
        { type: 'drawer-opened' },
        { type: 'drawer-closed', openMs: 100 },
        { type: 'drawer-opened-without-kick' },
      ],
    ],
    [
      'the same level told again is no opening',
      [
        [0, low],
        [1, kicked],
        [100, high],
        [2_100, high],
        [4_100, high],
      ],
      [{ type: 'drawer-opened' }],
    ],
    [
      'left open, told once',
      [
        [0, low],
        [1, kicked],
        [100, high],
        [60_100, timeout],
        [60_200, timeout],
      ],
      [{ type: 'drawer-opened' }, { type: 'drawer-left-open', openMs: 60_000 }],
    ],
    ['first seen open accuses no one', [[0, high]], [{ type: 'drawer-opened' }]],
    [
      'a pulse while the level is not known counts',
      [
        [0, kicked],
        [10, low],
        [100, high],
      ],
      [{ type: 'drawer-opened' }],
    ],
    [
      'nothing is closed by losing the cable',
      [
        [0, low],
        [1, lineDown],
      ],
      [],
    ],
  ])('%s', (_, inputs, events) => expect(run(inputs).events).toEqual(events));

  it('a drawer that means the other level is read the other way round', () => {
    const { events, state } = run(
      [
        [0, high],
        [1, low],
      ],
      { openMeans: 'low', leftOpenMs: 0 },
    );
    expect(events).toEqual([{ type: 'drawer-opened-without-kick' }]);
    expect(state.type).toBe('open');
  });

  it('uncalibrated, it says nothing at all', () => {
    expect(
      run(
        [
          [0, low],
          [1, high],
          [2, kicked],
          [3, low],
        ],
        null,
      ),
    ).toMatchObject({
      events: [],
      state: { type: 'unknown' },
    });
  });

  it('any inputs: openings and closings alternate, and left-open is told at most once per opening', () => {
    const anyInput = fc.constantFrom(high, low, kicked, lineDown, timeout);
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 60 }), (inputs) => {
        let open = false;
        let told = false;
        let state = drawerStart;
        for (const [nowMs, input] of inputs.entries()) {
          const step = stepDrawer(state, input, { nowMs, calibration });
          state = step.state;
          if (input.type === 'line-down') open = false;
          for (const { type } of step.events) {
            if (type === 'drawer-closed') expect(open).toBe(true);
            else if (type === 'drawer-left-open') expect([open, told]).toEqual([true, false]);
            else expect(open).toBe(false);
            told = type === 'drawer-left-open';
            open = type !== 'drawer-closed';
          }
        }
      }),
    );
  });

  it('calibration: closed and open must differ', () => {
    expect(calibrateDrawer({ whenClosed: 'low', whenOpen: 'low' })).toEqual({
      ok: false,
      error: { type: 'drawer-has-no-switch' },
    });
    expect(getOrThrow(calibrateDrawer({ whenClosed: 'high', whenOpen: 'low' }))).toEqual({
      openMeans: 'low',
      leftOpenMs: leftOpenMsDefault,
    });
  });
});

describe('a drawer on a printer', () => {
  it.each([
    ['tells its changes by itself', []],
    ['has to be asked', ['auto-status'] as const],
  ] as const)(
    'that %s: calibrated at the counter, kicked, closed, forced, left open',
    async (_, lacks) => {
      const time = createManualTime();
      const wire = createMemoryWire({ timers: time.timers });
      const simulator = createPrinterSimulator({ width: 32, timers: time.timers, lacks });
      simulator.attach(wire.far);
      const events: string[] = [];
      const drawer = createDrawerSense({
        clock: time.clock,
        timers: time.timers,
        calibration: null,
        onEvent: (event) => events.push(event.type),
      });
      const printer = createReceiptPrinter({
        transport: wire.transport,
        width: 32,
        clock: time.clock,
        timers: time.timers,
        random: createSeededRandom(1),
        drawer,
      });
      printer.start();
      await time.advance(5_000);
      expect(drawer.isOpen()).toBeNull();
      const whenClosed = drawer.level() ?? 'high';
      simulator.setSwitches({ drawerOpen: true });
      await time.advance(3_000);
      const whenOpen = drawer.level() ?? 'high';
      drawer.setCalibration(
        getOrThrow(calibrateDrawer({ whenClosed, whenOpen, leftOpenMs: 30_000 })),
      );
      expect(drawer.isOpen()).toBe(true);
      simulator.setSwitches({ drawerOpen: false });
      await time.advance(3_000);
      expect(drawer.isOpen()).toBe(false);
      events.length = 0;
      await time.settle(printer.kickDrawer());
      simulator.setSwitches({ drawerOpen: true });
      await time.advance(3_000);
      simulator.setSwitches({ drawerOpen: false });
      await time.advance(6_000);
      simulator.setSwitches({ drawerOpen: true });
      await time.advance(40_000);
      expect(events).toEqual([
        'drawer-opened',
        'drawer-closed',
        'drawer-opened-without-kick',
        'drawer-left-open',
      ]);
      expect(simulator.drawerKickCount()).toBe(1);
      await wire.far.pull();
      await time.advance(10);
      expect(drawer.isOpen()).toBeNull();
    },
  );
});
