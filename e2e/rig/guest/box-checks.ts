import { performance } from 'node:perf_hooks';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import type { BoxPos, BoxSale } from '#drivers/ecr/box-pos.ts';
import { createEcrHubBox } from '#drivers/ecr/ecr-hub/ecr-hub-box.ts';
import { createEcrHubSimulator, type EcrHubSimulator } from '#drivers/simulator/box/box-ecr-hub.ts';
import { createSerialTransport } from '#drivers/transports/serial.ts';
import { fen } from '#shared/money/fen.ts';
import { expect, ms, until, type Check } from './checks.ts';
import type { PluggedDevice } from '../far-end.ts';
import { boxPath } from './devices.ts';

const ports = { clock: systemClock, timers: systemTimers, random: systemRandom };

/** A box POS that speaks ECR-Hub over USB-COM: cdc_acm on our side, the ACM gadget and our simulator on the other. */
export function boxChecks(device: PluggedDevice): readonly Check[] {
  const simulator = createEcrHubSimulator(ports);
  const withBox = async (act: (box: BoxPos) => Promise<string>): Promise<string> => {
    simulator.attach(device.hand());
    await device.plug();
    const transport = createSerialTransport({ path: boxPath, baud: 115_200, timers: systemTimers });
    const box = createEcrHubBox({ ...ports, transport, hub: { appId: 'rig' } });
    box.start();
    try {
      await until('box idle', () => box.status().state === 'idle', 15_000);
      return await act(box);
    } catch (failure) {
      const bytes = box.recentBytes().slice(-4).join(' / ');
      throw new Error(`${String(failure)}; last bytes: ${bytes}`, { cause: failure });
    } finally {
      await box.stop();
      simulator.stop();
      await device.pull();
    }
  };
  return [
    {
      name: 'box pos: handshake, a sale approved, one booking in the box',
      run: () =>
        withBox(async (box) => {
          const startedMs = performance.now();
          const sale: BoxSale = { merchantOrderNo: 'RIG0000001', amountFen: fen(1_230) };
          const outcome = await box.sale(sale);
          const tookMs = ms(startedMs);
          expect(outcome.type === 'approved', 'approved', outcome);
          expect(outcome.evidence.amountFen === 1_230, 'the amount', outcome);
          expect(bookings(simulator, sale) === 1, 'one booking', simulator.books());
          return `${tookMs} ms, box number ${outcome.evidence.boxRef}`;
        }),
    },
    {
      name: 'box pos: unplugged after the ACK while the customer pays: unknown, blocked, then found by query',
      run: () => withBox((box) => pullAfterAck(box, device, simulator)),
    },
  ];
}

const bookings = (simulator: EcrHubSimulator, sale: BoxSale): number =>
  simulator.books().filter(({ mark }) => mark === sale.merchantOrderNo).length;

async function pullAfterAck(
  box: BoxPos,
  device: PluggedDevice,
  simulator: EcrHubSimulator,
): Promise<string> {
  const sale: BoxSale = { merchantOrderNo: 'RIG0000002', amountFen: fen(4_560) };
  simulator.script({ type: 'ask-customer' });
  const job = box.sale(sale);
  await until('the ACK', () => box.status().progress?.acknowledged === true);
  await until('the customer is asked', () => simulator.screen().type === 'waiting');
  const pulledMs = performance.now();
  await device.pull();
  const outcome = await job;
  const toldMs = ms(pulledMs);
  expect(outcome.type === 'unknown', 'unknown', outcome);
  // The box has a line of its own: the customer pays while the cable is out.
  simulator.customerPays('scan');
  await device.plug();
  await until('box connected', () => box.status().link.type === 'online', 20_000);
  expect(box.status().state === 'blocked', 'blocked until a query', box.status());
  const next = await box.sale({ merchantOrderNo: 'RIG0000003', amountFen: fen(100) });
  expect(next.type === 'not-sent', 'a new sale is refused', next);
  const found = await box.query(sale);
  expect(found.type === 'approved', 'found by the query', found);
  expect(bookings(simulator, sale) === 1, 'charged once', simulator.books());
  await until('free again', () => box.status().state === 'idle', 15_000);
  return `unknown told after ${toldMs} ms; charged once`;
}
