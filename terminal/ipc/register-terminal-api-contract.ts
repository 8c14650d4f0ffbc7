import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TerminalApi, TerminalEvent } from '#terminal/ipc/terminal-api.ts';

/** A window's view of a running, activated agent without cloud and devices: cash must work, and nothing may lie. */
export interface ApiUnderTest {
  readonly api: TerminalApi;
  close(): Promise<void>;
}

const waitMsMax = 5_000;

async function until(what: string, check: () => boolean): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The laws of TerminalApi, whatever carries it. Every transport runs this suite against the real agent. */
export function registerTerminalApiContract(name: string, open: () => Promise<ApiUnderTest>): void {
  describe(`TerminalApi over ${name}`, () => {
    let under: ApiUnderTest;
    const seen: TerminalEvent[] = [];
    beforeAll(async () => {
      under = await open();
      under.api.subscribe((event) => seen.push(event));
    });
    afterAll(async () => {
      await under?.close();
    });

    const state = async () => {
      const answer = await under.api.call('till.state', {});
      if (!answer.ok) throw new Error(answer.error.code);
      return answer.value;
    };

    it('answers the whole state', async () => {
      expect((await state()).screen).toEqual({ type: 'ready' });
      const status = await under.api.call('status.get', {});
      expect(status).toMatchObject({
        ok: true,
        value: { merchantName: '绿点小店', online: false, unsentCount: 0, unsentFen: 0 },
      });
    });

    it('pushes a newer state after a change', async () => {
      const before = await state();
      await under.api.call('till.setAmount', { amountFen: 1234 });
      await until('till.changed', () =>
        seen.some(
          (event) =>
            event.name === 'till.changed' &&
            event.payload.draft.amountFen === 1234 &&
            event.payload.version > before.version,
        ),
      );
    });

    it('refuses an input that does not fit, and changes nothing', async () => {
      const before = await state();
      for (const amountFen of [-1, 0.5, 5_000_001, '12', null]) {
        const answer = await under.api.call('till.setAmount', { amountFen: amountFen as number });
        expect(answer).toMatchObject({ ok: false, error: { code: 'input-invalid' } });
      }
      expect(await state()).toEqual(before);
    });

    it('refuses a method that does not exist, and names of the object prototype', async () => {
      for (const method of ['till.charge', 'toString', '__proto__', 'constructor']) {
        const answer = await under.api.call(method as 'till.state', {});
        expect(answer).toMatchObject({ ok: false, error: { code: 'input-invalid' } });
      }
    });

    it('refuses cash of an empty draft with the catalogued reason', async () => {
      await under.api.call('till.setAmount', { amountFen: 0 });
      const answer = await under.api.call('till.payCash', { tenderedFen: 1000 });
      expect(answer).toMatchObject({ ok: false, error: { code: 'amount-not-positive' } });
    });

    it('takes cash without a cloud: change, order list and tally agree', async () => {
      await under.api.call('till.setAmount', { amountFen: 1850 });
      expect(await under.api.call('till.payCash', { tenderedFen: 2000 })).toMatchObject({
        ok: true,
      });
      expect((await state()).screen).toMatchObject({
        type: 'cash',
        amountFen: 1850,
        changeFen: 150,
      });
      const orders = await under.api.call('orders.list', { limit: 10 });
      expect(orders.ok && orders.value.rows[0]).toMatchObject({ amountFen: 1850, bucket: 'cash' });
      const today = await under.api.call('today.get', {});
      expect(today.ok && today.value.cashFen).toBe(1850);
      expect(today.ok && today.value.turnoverFen).toBe(1850);
      const status = await under.api.call('status.get', {});
      expect(status).toMatchObject({ value: { unsentCount: 1, unsentFen: 1850 } });
    });

    it('answers fifty calls at once, each its own', async () => {
      await under.api.call('till.dismiss', {});
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          index % 2 === 0
            ? under.api.call('till.state', {})
            : under.api.call('orders.get', { orderId: 'ord_00000000000000000000000000' }),
        ),
      );
      expect(answers.filter((answer) => answer.ok)).toHaveLength(25);
      expect(
        answers.filter((answer) => !answer.ok && answer.error.code === 'order-not-found'),
      ).toHaveLength(25);
    });

    it('knows its identity, and takes no second one', async () => {
      const identity = await under.api.call('identity.state', {});
      expect(identity).toMatchObject({ ok: true, value: { isActivated: true, refusal: null } });
      const code = '0123456789AB';
      expect(await under.api.call('identity.activate', { code })).toMatchObject({
        ok: false,
        error: { code: 'agent-activated-already' },
      });
    });

    it('guards what sets it up once the owner has a PIN, and shows none of its digits', async () => {
      const pin = '28064193';
      const unbind = () => under.api.call('devices.unbind', { role: 'printer' });
      const missing = { ok: false, error: { code: 'device-missing' } };
      expect(await unbind()).toMatchObject(missing);
      for (const bad of ['123', '123456789', '12a4', ''])
        expect(await under.api.call('owner.setPin', { newPin: bad })).toMatchObject({
          ok: false,
          error: { code: 'input-invalid' },
        });
      expect(await under.api.call('owner.setPin', { newPin: pin })).toMatchObject({ ok: true });
      await until('a status with it', () =>
        seen.some(
          (event) => event.name === 'status.changed' && event.payload.isOwnerPinSet === true,
        ),
      );
      expect(await unbind()).toMatchObject({ ok: false, error: { code: 'owner-locked' } });
      expect(await under.api.call('owner.unlock', { pin: '28064194' })).toMatchObject({
        ok: false,
        error: { code: 'owner-pin-wrong' },
      });
      expect(await under.api.call('owner.state', {})).toMatchObject({ value: { triesLeft: 4 } });
      expect(await under.api.call('owner.unlock', { pin })).toMatchObject({ ok: true });
      expect(await unbind()).toMatchObject(missing);
      await under.api.call('owner.lock', {});
      expect(await unbind()).toMatchObject({ ok: false, error: { code: 'owner-locked' } });
      const asked = await under.api.call('owner.approve', { pin, action: 'drawer.open' });
      expect(asked).toMatchObject({ ok: true });
      expect(JSON.stringify([seen, asked])).not.toContain(pin);
    });

    it('stops pushing after the subscription ends', async () => {
      const late: TerminalEvent[] = [];
      const stop = under.api.subscribe((event) => late.push(event));
      stop();
      const before = seen.length;
      await under.api.call('till.setAmount', { amountFen: 77 });
      await until('the other subscription', () => seen.length > before);
      expect(late).toEqual([]);
    });
  });
}
