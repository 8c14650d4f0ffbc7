import { afterEach, describe, expect, test } from 'vitest';
import { createDeviceDesk, memoryScanner } from '#terminal/agent/testing/device-desk.ts';
import { deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { activationCode } from '#terminal/agent/testing/scripted-platform.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import { activationCodeOf } from '#terminal/agent/identity/activation-code.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});
const open = async (more: Parameters<typeof openTillBench>[0] = {}): Promise<TillBench> =>
  (bench = await openTillBench({ activated: false, ...more }));
const asked = ({ cloud }: TillBench): number =>
  cloud.requests.filter((request) => request.endsWith('/v1/terminals/activate')).length;

describe('the activation of a till from its window', () => {
  test('takes the code as people type it, and says for which shop it was', async () => {
    const here = await open();
    expect(await here.ask('identity.state', {})).toMatchObject({
      isActivated: false,
      terminalId: null,
      refusal: null,
    });
    const answer = await here.ask('identity.activate', { code: ' o123-4567 89ab ' });
    expect(answer).toMatchObject({ isActivated: true, refusal: null });
    expect(answer).toHaveProperty('merchantName', (await here.status()).merchantName);
    expect((await here.status()).isActivated).toBe(true);
    await here.ask('till.setAmount', { amountFen: 100 });
    expect(await here.ask('till.payCash', { tenderedFen: 100 })).toEqual({});
    expect(await here.ask('identity.activate', { code: activationCode })).toEqual({
      refused: 'agent-activated-already',
    });
  });

  test('a wrong code is refused and remembered for the screen; one that cannot be is not even asked for', async () => {
    const here = await open();
    for (const code of ['ZZZZZZZZZZZZ', '123', '激活码']) {
      expect(await here.ask('identity.activate', { code })).toEqual({
        refused: 'activation-code-invalid',
      });
      expect(await here.ask('identity.state', {})).toMatchObject({
        isActivated: false,
        refusal: { code: 'activation-code-invalid' },
      });
    }
    expect(asked(here)).toBe(1);
  });

  test('without a line it says so, and the same code is good when the line is back', async () => {
    const here = await open();
    await here.cloud.goDown();
    expect(await here.ask('identity.activate', { code: activationCode })).toEqual({
      refused: 'cloud-unreachable',
    });
    await here.cloud.comeBack();
    expect(await here.ask('identity.activate', { code: activationCode })).toMatchObject({
      isActivated: true,
    });
  });

  test('an answer that is lost on the way is asked for again with the same key: nobody is stranded', async () => {
    const here = await open();
    here.cloud.behave('terminals', 'drop');
    const asking = here.ask('identity.activate', { code: activationCode });
    await here.until('the first answer was lost', () => asked(here) === 1);
    expect(await here.ask('identity.state', {})).toMatchObject({ isAsking: true });
    expect(await here.ask('identity.activate', { code: activationCode })).toEqual({
      refused: 'agent-busy',
    });
    here.cloud.behave('terminals', 'ok');
    expect(await asking).toMatchObject({ isActivated: true });
    expect(asked(here)).toBe(2);
  });

  test('after all three tries and a restart the same code with the same key still does it', async () => {
    const here = await open();
    here.cloud.behave('terminals', 'drop');
    expect(await here.ask('identity.activate', { code: activationCode })).toHaveProperty('refused');
    expect(asked(here)).toBe(3);
    await here.restart();
    here.cloud.behave('terminals', 'ok');
    expect(await here.ask('identity.activate', { code: activationCode })).toMatchObject({
      isActivated: true,
    });
  });

  test('any scanner will do: a serial one, and one that types', async () => {
    const desk = createDeviceDesk();
    const here = await open({ transports: desk.transports });
    await here.ask('devices.bind', { device: memoryScanner('scannerA') });
    await deviceState(here, 'scanner', 'online');
    desk.scannerA.scan('130000000000000001');
    await here.until('another code is refused in words', async () => {
      return (await here.till()).notice?.code === 'agent-not-activated';
    });
    await here.ask('till.scan', { text: 'ZZZZZZZZZZZZ' });
    await here.until('a wrong code is told', async () => {
      const state = await here.ask('identity.state', {});
      return 'refusal' in state && state.refusal?.code === 'activation-code-invalid';
    });
    desk.scannerA.scan(activationCode);
    await here.until('it is activated', async () => (await here.status()).isActivated === true);
  });

  test('a clock that is far off is said; one that is a little off is not', async () => {
    const here = await open();
    here.cloud.skew(-7_200_000);
    const answer = await here.ask('identity.activate', { code: activationCode });
    const offMs = 'clockOffMs' in answer ? (answer.clockOffMs ?? 0) : 0;
    expect(Math.abs(offMs - 7_200_000)).toBeLessThan(10_000);
  });
});

test.each([
  ['abcd-efgh-jkmn', 'ABCDEFGHJKMN'],
  ['oO0i Il1 LUuv', '00011111UUV'],
])('%s is read as %s', (typed, code) => {
  expect(activationCodeOf(typed)).toBe(code);
});
