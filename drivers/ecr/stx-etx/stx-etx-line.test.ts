import { describe, expect, it } from 'vitest';
import { ok } from '#shared/result/result.ts';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { linkTriesMax } from '#drivers/ecr/retry-policy.ts';
import { ack, nak } from '#drivers/ecr/stx-etx/frame.ts';
import { createStxEtxLine } from '#drivers/ecr/stx-etx/stx-etx-line.ts';
import { transbankFraming } from '#drivers/ecr/stx-etx/transbank-dialect.ts';

/** A line whose far end says only what the test lets it say. */
function openLine() {
  const time = createManualTime();
  const written: string[] = [];
  const line = createStxEtxLine(
    {
      timers: time.timers,
      link: {
        generation: 1,
        drain: () => Promise.resolve(ok(undefined)),
        write: (bytes) => {
          written.push(Buffer.from(bytes).toString('latin1'));
          return Promise.resolve(ok(undefined));
        },
      },
      onMessage: () => undefined,
      onSilent: () => undefined,
    },
    { framing: transbankFraming, ackTimeoutMs: 2_000, poll: Buffer.from('0100') },
  );
  return { time, written, line };
}
const salePayload = Uint8Array.from(Buffer.from('0200|000001250|ABC123|||1'));

describe('frames that carry no number', () => {
  it('a sale whose acknowledgement never came goes out once: the box may be at work already', async () => {
    const { time, written, line } = openLine();
    const delivery = line.deliver(salePayload);
    await time.advance(60_000);
    expect(await delivery).toBe('unacknowledged');
    expect(written).toHaveLength(1);
  });

  it('a sale that the box calls broken goes out again, so often and no more', async () => {
    const { time, written, line } = openLine();
    const delivery = line.deliver(salePayload);
    for (let refusals = 0; refusals < 10; refusals += 1) {
      await time.advance(10);
      line.feed(Uint8Array.of(nak));
    }
    expect(await delivery).toBe('unacknowledged');
    expect(written).toHaveLength(linkTriesMax);
    expect(new Set(written).size).toBe(1);
  });

  it('a poll does nothing at the box: it goes out again in silence, until it is acknowledged', async () => {
    const { time, written, line } = openLine();
    const greeted = line.greet();
    await time.advance(2_500);
    line.feed(Uint8Array.of(ack));
    expect(await greeted).toBe(true);
    expect(written).toHaveLength(2);
  });
});
