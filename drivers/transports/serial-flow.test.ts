import { describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { createTemporaryPty, describeWithPty } from '#drivers/contract/pty.ts';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { createFlowGate, roomWaitMsMax } from '#drivers/transports/flow-gate.ts';
import { createGuardedConnection } from '#drivers/transports/guarded-connection.ts';
import { createSerialTransport, serialChunkBytesXonXoff } from '#drivers/transports/serial.ts';

const xon = Uint8Array.of(0x11);
const xoff = Uint8Array.of(0x12, 0x13);

describe('software flow control', () => {
  it('holds at XOFF, goes on at XON, and does not wait for ever', async () => {
    const time = createManualTime();
    const gate = createFlowGate(time.timers);
    expect(await gate.room()).toBe(true);
    gate.look(xoff);
    const held = gate.room();
    gate.look(xon);
    expect(await held).toBe(true);
    gate.look(xoff);
    const hopeless = gate.room();
    await time.advance(roomWaitMsMax);
    expect(await hopeless).toBe(false);
    const cut = gate.room();
    gate.close();
    expect(await cut).toBe(false);
    expect(await gate.room()).toBe(false);
  });

  it('a write in pieces stops between two of them; a write that begins then waits behind it', async () => {
    const time = createManualTime();
    const gate = createFlowGate(time.timers);
    const taken: number[] = [];
    const { connection } = createGuardedConnection({
      timers: time.timers,
      writeTimeoutMs: undefined,
      chunks: { bytesMax: 4, room: () => gate.room() },
      raw: {
        write: (bytes, done) => {
          taken.push(...bytes);
          if (taken.length === 4) gate.look(xoff);
          done(null);
        },
        drain: (done) => done(null),
        close: () => Promise.resolve(),
      },
    });
    const first = connection.write(Uint8Array.of(1, 2, 3, 4, 5, 6));
    const second = connection.write(Uint8Array.of(7));
    await time.advance(1_000);
    expect(taken).toEqual([1, 2, 3, 4]);
    gate.look(xon);
    expect([await first, await second].every((written) => written.ok)).toBe(true);
    expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('pieces gone and the port closed: the write says that bytes are out', async () => {
    const time = createManualTime();
    const gate = createFlowGate(time.timers);
    const { connection } = createGuardedConnection({
      timers: time.timers,
      writeTimeoutMs: undefined,
      chunks: { bytesMax: 2, room: () => gate.room() },
      raw: {
        write: (_, done) => {
          gate.look(xoff);
          done(null);
        },
        drain: (done) => done(null),
        close: () => Promise.resolve(),
      },
    });
    const written = connection.write(Uint8Array.of(1, 2, 3));
    await time.advance(1);
    await connection.close();
    gate.look(xon);
    expect(await written).toMatchObject({ ok: false, error: { type: 'write-failed' } });
    expect(await connection.write(Uint8Array.of(1))).toEqual({
      ok: false,
      error: { type: 'not-open' },
    });
  });
});

describeWithPty(describe, 'software flow control over a pseudo terminal', () => {
  it('a device that says XOFF gets at most what was under way, and the rest after XON, nothing lost', async () => {
    const pty = await createTemporaryPty();
    const connection = getOrThrow(
      await createSerialTransport({
        path: pty.wire.address,
        baud: 115_200,
        flow: 'xon-xoff',
        timers: systemTimers,
      }).open(),
    );
    const received: number[] = [];
    let stopped = false;
    pty.wire.onBytes((chunk) => {
      received.push(...chunk);
      if (!stopped) pty.wire.send(Uint8Array.of(0x13));
      stopped = true;
    });
    const heard: number[] = [];
    connection.onData((chunk) => heard.push(...chunk));
    const sent = Uint8Array.from({ length: 20_000 }, (_, index) => index & 0xff);
    const written = connection.write(sent);
    await new Promise((resolve) => void systemTimers.after(300, () => resolve(undefined)));
    const whenHeld = received.length;
    await new Promise((resolve) => void systemTimers.after(200, () => resolve(undefined)));
    expect(received.length).toBe(whenHeld);
    expect(whenHeld).toBeLessThan(sent.length);
    expect(whenHeld % serialChunkBytesXonXoff).toBe(0);
    pty.wire.send(Uint8Array.of(0x11));
    expect((await written).ok).toBe(true);
    await expect.poll(() => received.length).toBe(sent.length);
    expect(received).toEqual([...sent]);
    expect(heard).toEqual([0x13, 0x11]);
    await connection.close();
    await pty.remove();
  });
});
