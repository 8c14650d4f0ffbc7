import { describe, expect, it } from 'vitest';
import { describeWithPty } from '#drivers/contract/pty.ts';
import { registerDisplayContract } from '#drivers/contract/register-display-contract.ts';
import {
  createMemoryHarness,
  createPtyHarness,
  createTcpHarness,
} from '#drivers/contract/wire-harness.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { createDisplaySimulator } from '#drivers/simulator/display-simulator.ts';

describe('memory', () => registerDisplayContract(createMemoryHarness));
describe('tcp', () => registerDisplayContract(createTcpHarness));
describeWithPty(describe, 'serial over a pseudo terminal', () =>
  registerDisplayContract(createPtyHarness),
);

/** A display whose line is this list of chunks. */
function simulatorAfter(chunks: readonly Uint8Array[]) {
  const simulator = createDisplaySimulator();
  simulator.attach({
    address: 'test',
    send: () => undefined,
    onPresence: () => undefined,
    onBytes: (listener) => chunks.forEach(listener),
  });
  return simulator;
}

describe('simulated display', () => {
  it('draws the segments of each digit, right-aligned, the point inside its digit', () => {
    const glass = simulatorAfter([Buffer.from('1b5141312e320d', 'hex')]);
    expect(glass.cells().slice(5)).toEqual([
      { segments: '', point: false },
      { segments: 'bc', point: true },
      { segments: 'abdeg', point: false },
    ]);
  });

  it('a command torn at any byte does not spoil the next one', () => {
    const whole = Buffer.from(
      '1b40 1b514139390d 1b7332 024c30303130 0c'.replaceAll(' ', ''),
      'hex',
    );
    const next = Buffer.from('1b401b51413132330d', 'hex');
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const glass = simulatorAfter([whole.subarray(0, cut), Buffer.from([0]), next]);
      expect(glass.text(), `cut at ${cut}`).toBe('123');
    }
  });

  it('random bytes neither throw nor grow the text', () => {
    const random = createSeededRandom(3);
    const noise = Array.from({ length: 50 }, () => random.bytes(1_000));
    const glass = simulatorAfter([...noise, Buffer.from('0d1b401b5141370d', 'hex')]);
    expect(glass.text()).toBe('7');
    expect(glass.cells()).toHaveLength(8);
  });
});
