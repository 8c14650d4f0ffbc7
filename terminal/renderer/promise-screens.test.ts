import { expect, test } from 'vitest';
import type { Screen } from '#terminal/ipc/state.ts';
import { findOverflow, findSmallTargets } from './testing/page-checks.ts';
import { nowMs, offline, sale } from './testing/sample-screens.ts';
import { sampleOrderId } from './testing/samples.ts';
import { approvalId } from './testing/scripted-owner.ts';
import { describeWindow } from './testing/window-bench.ts';

const promised: Extract<Screen, { type: 'promised' }> = {
  type: 'promised',
  ...sale,
  kind: 'iou',
  who: '王阿姨',
  atMs: nowMs,
  receipt: 'printed',
  remainingFen: 192_650,
  remainingCount: 48,
};
/** Words that would call it a payment. */
const paidWords = /收款成功|已收款|已到账|支付成功|现金已收/u;
const hourMs = 3_600_000;
const boxThere = {
  role: 'box-pos',
  name: '盒子',
  address: 'serial /dev/ttyUSB1',
  state: 'online',
} as const;

describeWindow('goods on trust in a window', (w) => {
  test('the outage card offers it with what is left; F1, a name and Enter ask the agent, the PIN comes after', async () => {
    w.host.till.setStatus(offline);
    await w.sees('赊账 店码');
    await w.sees('剩余可赊 ¥1,965、49 笔');
    await w.sees('单笔 ≤ ¥200');
    expect(await findOverflow(w.page)).toEqual([]);
    const { devices } = w.host.till.status();
    w.host.till.setStatus({ devices: [...devices, boxThere] });
    await w.page.locator('.outage-box').waitFor();
    expect(await findOverflow(w.page)).toEqual([]);
    expect(await findSmallTargets(w.page)).toEqual([]);
    await w.typeSlowly('38.5');
    await w.page.keyboard.press('F1');
    await w.sees('先让顾客拿走，钱后收');
    const room = w.page.locator('.promise-room');
    expect(await room.innerText()).toContain('剩余可赊 ¥1,965.00，49 笔');
    expect(await room.evaluate((element) => getComputedStyle(element).color)).toBe(
      await w.page.evaluate(() => {
        const probe = document.createElement('i');
        probe.style.color = 'var(--red)';
        document.body.append(probe);
        const { color } = getComputedStyle(probe);
        probe.remove();
        return color;
      }),
    );
    expect(await findOverflow(w.page)).toEqual([]);
    expect(await findSmallTargets(w.page)).toEqual([]);
    await w.page.keyboard.insertText('王阿姨');
    w.host.till.refuseNext('till.payPromise', 'owner-approval-missing');
    await w.page.keyboard.press('Enter');
    await w.page.locator('.pin-sheet').waitFor();
    await w.typeSlowly('270518');
    await w.page.keyboard.press('Enter');
    await expect
      .poll(() => w.called('till.payPromise'))
      .toEqual([
        { kind: 'iou', who: '王阿姨' },
        { kind: 'iou', who: '王阿姨', approvalId },
      ]);
  });

  test('by touch alone: the second kind, the phone tail on the keypad, and a refusal that says why', async () => {
    w.host.till.setStatus(offline);
    await w.typeSlowly('38.5');
    await w.page.locator('.outage-press button').click();
    await w.page.getByText('店码核对').first().click();
    await w.sees('支付单末四位（可不填）');
    await w.page.locator('.key-7').click();
    await w.page.locator('.key-0').click();
    w.host.till.refuseNext('till.payPromise', 'promise-count-used');
    await w.page.locator('.key-go').click();
    await w.sees('没收回的赊账笔数到上限了');
    expect(w.called('till.payPromise')).toEqual([{ kind: 'static-code', who: '70' }]);
    await w.page.locator('.key-go').click();
    await expect.poll(() => w.called('till.payPromise')).toHaveLength(2);
  });

  test("a scanner's code while the name is typed is a scan: it stays in no field and presses nothing", async () => {
    w.host.till.setStatus(offline);
    await w.typeSlowly('38.5');
    await w.page.keyboard.press('F1');
    await w.page.keyboard.insertText('王');
    // Faster than a person, as a scanner in keyboard mode is.
    await w.page.evaluate((code) => {
      for (const key of [...Array.from(code), 'Enter'])
        document.activeElement?.dispatchEvent(
          new KeyboardEvent('keydown', {
            key,
            code: key === 'Enter' ? key : `Digit${key}`,
            bubbles: true,
            cancelable: true,
          }),
        );
    }, '130000000000000001');
    await expect.poll(() => w.called('till.scan')).toEqual([{ text: '130000000000000001' }]);
    expect(w.called('till.payPromise')).toEqual([]);
    expect(await w.page.locator('.promise-who').count()).toBe(0);
  });

  test('a sum over the room left is said in red before anybody is asked', async () => {
    w.host.till.setStatus(offline);
    await w.typeSlowly('201');
    await w.page.keyboard.press('F1');
    await w.sees('超过剩余可赊，请收现金');
  });

  test.each([
    [promised, ['已记赊账', '未收款', '王阿姨', '剩余可赊 ¥1,926.50，48 笔']],
    [{ ...promised, kind: 'static-code', who: '' } as const, ['店码待核对', '未收款']],
  ] as const)('the screen of a promise is amber and never calls it paid', async (screen, texts) => {
    w.host.till.show(screen);
    for (const text of texts) await w.sees(text);
    await w.page.locator('.overlay-amber').waitFor();
    expect(await w.page.locator('.overlay').innerText()).not.toMatch(paidWords);
    expect(await findOverflow(w.page)).toEqual([]);
  });

  test('red for want of channels offers it although the line is up; red for want of money does not', async () => {
    w.host.till.setStatus({ unsentCount: 0 });
    await w.typeSlowly('38.5');
    const red = { type: 'not-paid', ...sale, atMs: nowMs } as const;
    w.host.till.show({ ...red, code: 'payer-balance' });
    await w.sees('没有收到钱');
    expect(await w.page.getByText('赊账').filter({ visible: true }).count()).toBe(0);
    w.host.till.show({ ...red, code: 'channel-unreachable' });
    await w.sees('赊账 店码');
    await w.page.keyboard.press('F1');
    await w.sees('先让顾客拿走，钱后收');
  });

  test('the exceptions say who owes it and since when; each end is one press, the bad one needs words', async () => {
    const orderId = sampleOrderId('7Q2M');
    w.host.till.setExceptions([
      {
        orderId,
        code: 'promise-open',
        amountFen: 3_850,
        sinceMs: nowMs - 3 * hourMs,
        promise: { kind: 'iou', who: '王阿姨' },
      },
      {
        orderId: sampleOrderId('5XKD'),
        code: 'promise-open',
        amountFen: 1_200,
        sinceMs: nowMs - 50 * hourMs,
        promise: { kind: 'static-code', who: '' },
      },
    ]);
    w.host.till.setToday({
      promises: {
        iouFen: 3_850,
        staticCodeFen: 1_200,
        openCount: 2,
        keptFen: 2_600,
        keptCashFen: 2_600,
        keptCount: 1,
      },
    });
    await w.page.keyboard.press('F10');
    for (const text of ['王阿姨', '已过 3 小时', '已过 2 天', '货已拿走，钱还没收到'])
      await w.sees(text);
    for (const text of [
      '赊账未收 ¥38.50',
      '店码待核对 ¥12.00',
      '今天收回 ¥26.00',
      '其中现金 ¥26.00',
    ])
      await w.sees(text);
    expect(await findOverflow(w.page)).toEqual([]);
    expect(await findSmallTargets(w.page)).toEqual([]);
    await w.page.getByText('收到现金').first().click();
    await expect.poll(() => w.called('orders.keepPromise')).toEqual([{ orderId, how: 'cash' }]);
    await w.sees('已登记');
    await w.page.getByText('没收到', { exact: true }).first().click();
    await w.page.locator('.exceptions-note input').fill('人找不到了');
    w.host.till.refuseNext('orders.breakPromise', 'owner-approval-missing');
    await w.page.getByText('请店主确认').click();
    await w.page.locator('.pin-sheet').waitFor();
    await w.typeSlowly('270518');
    await w.page.keyboard.press('Enter');
    await expect
      .poll(() => w.called('orders.breakPromise'))
      .toEqual([
        { orderId, note: '人找不到了' },
        { orderId, note: '人找不到了', approvalId },
      ]);
  });

  test('in English and in the smallest window everything still fits', async () => {
    const small = await w.open({ width: 1024, height: 768 }, 'en');
    w.host.till.setStatus(offline);
    await small.getByText('IOU').first().waitFor();
    expect(await findOverflow(small)).toEqual([]);
    const { devices } = w.host.till.status();
    w.host.till.setStatus({ devices: [...devices, boxThere] });
    await small.getByText('F6').first().waitFor();
    expect(await findOverflow(small)).toEqual([]);
    await small.keyboard.press('Numpad3', { delay: 60 });
    await small.keyboard.press('F1');
    await small.getByText('Goods now, money later').waitFor();
    expect(await findOverflow(small)).toEqual([]);
    await small.close();
  });
});
