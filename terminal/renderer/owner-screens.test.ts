import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { findOverflow } from './testing/page-checks.ts';
import { describeWindow, machineShared, seenTimeoutMs } from './testing/window-bench.ts';
import { approvalId } from './testing/scripted-owner.ts';
import { fiveDevices } from './testing/sample-devices.ts';
import { nowMs, offline } from './testing/sample-screens.ts';

const pin = '73029146';

/** How many signs of the bar another one lies over. */
const findHiddenSigns = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const signs = [...document.querySelectorAll('.device-chips .chip, .pin-chip, .problem-chip')];
    return signs.filter((sign) => {
      const { right, top, height } = sign.getBoundingClientRect();
      return !sign.contains(document.elementFromPoint(right - 8, top + height / 2));
    }).length;
  });

describeWindow("the owner's PIN", (w) => {
  const sheet = () => w.page.locator('.pin-sheet');
  const dots = () => w.page.locator('.pin-dot-full').count();
  const openDrawer = async (): Promise<void> => {
    w.host.till.owner.set({ isPinSet: true });
    w.host.till.refuseNext('drawer.open', 'owner-approval-missing');
    await w.page.keyboard.press('F7');
    await w.typeSlowly('1');
    await w.page.keyboard.press('Enter');
    await sheet().waitFor({ timeout: seenTimeoutMs });
  };
  const settled = () => w.page.waitForTimeout(400);
  /** A locked till ignores what is pressed. */
  const press = async (text: string): Promise<void> => {
    await w.typeSlowly(text);
    await settled();
  };
  const type = async (text: string): Promise<void> => {
    const before = await dots();
    await press(text);
    await expect.poll(dots, { timeout: seenTimeoutMs }).toBe(before + text.length);
  };

  it('is asked for where the agent wants it, and the same call goes again with the approval', async () => {
    await openDrawer();
    await w.sees('开钱箱要店主同意');
    await type(pin);
    expect(await dots()).toBe(pin.length);
    await w.page.keyboard.press('Enter');
    await w.sees('钱箱已打开');
    expect(w.called('owner.approve')).toEqual([{ pin, action: 'drawer.open' }]);
    expect(w.called('drawer.open')).toMatchObject([{}, { approvalId }]);
    expect(await sheet().count()).toBe(0);
  });

  it('its digits stand in no text, attribute, storage or address of the page', async () => {
    await openDrawer();
    await type(pin);
    const page = await w.page.evaluate(() =>
      JSON.stringify([
        document.documentElement.outerHTML,
        [...document.querySelectorAll('input')].map(({ value }) => value),
        Object.entries(localStorage),
        Object.entries(sessionStorage),
        location.href,
      ]),
    );
    expect(page).not.toContain(pin);
    expect(page).not.toContain(pin.slice(0, 4));
    expect(page).toContain('已输入 8 位');
  });

  it(
    'a wrong one says how often it can still be tried, a locked till for how long not, and the keys rest',
    machineShared,
    async () => {
      await openDrawer();
      w.host.till.owner.set({ triesLeft: 2 });
      w.host.till.refuseNext('owner.approve', 'owner-pin-wrong');
      await type('4973');
      await w.page.keyboard.press('Enter');
      await w.sees('还能试 2 次');
      expect(await dots()).toBe(0);
      w.host.till.owner.set({ triesLeft: 0, lockedUntilMs: nowMs + 58_000 });
      w.host.till.refuseNext('owner.approve', 'owner-pin-locked');
      await type('4973');
      await w.page.keyboard.press('Enter');
      await w.sees('58 秒后再试');
      await press('4973');
      expect(await dots()).toBe(0);
      w.host.till.owner.set({ triesLeft: 5, lockedUntilMs: null });
      await w.page.clock.setFixedTime(nowMs + 58_000);
      await w.sees('还能试 5 次');
    },
  );

  it('Esc leaves it: nothing is approved, and the refusal stands', async () => {
    await openDrawer();
    await type('4973');
    await w.page.keyboard.press('Escape');
    await w.sees('这一步要店主输入密码');
    expect(w.called('owner.approve')).toEqual([]);
    expect(w.called('drawer.open')).toHaveLength(1);
  });

  it(
    'a scanner that types closes the sheet and is heard by the till; no digit of it is tried as a PIN',
    machineShared,
    async () => {
      await openDrawer();
      await w.typeBurst('130000000000000001');
      await expect.poll(() => w.called('till.scan')).toEqual([{ text: '130000000000000001' }]);
      expect(await sheet().count()).toBe(0);
      expect(w.called('owner.approve')).toEqual([]);
    },
  );

  it(
    'a scanner as slow as a person closes the sheet, too, and its first digits are no try',
    machineShared,
    async () => {
      await openDrawer();
      await w.page.keyboard.type('130000000000000001', { delay: 60 });
      await w.page.keyboard.press('Enter');
      await settled();
      expect(await sheet().count()).toBe(0);
      expect(w.called('owner.approve')).toEqual([]);
    },
  );

  it(
    'a PIN typed in great haste is no payment code: nothing is scanned, and it is typed again',
    machineShared,
    async () => {
      await openDrawer();
      await w.typeBurst(pin);
      await settled();
      expect(w.called('till.scan')).toEqual([]);
      expect(await sheet().count()).toBe(1);
    },
  );

  it('fingers reach all of it', async () => {
    await openDrawer();
    for (const digit of '4973') await w.page.locator('.pin-keys').getByText(digit).click();
    await w.page.locator('.pin-keys').getByText('退格').click();
    expect(await dots()).toBe(3);
    await w.page.locator('.pin-keys').getByText('3', { exact: true }).click();
    await w.page.locator('.pin-keys').getByText('确定').click();
    await expect.poll(() => w.called('owner.approve')).toMatchObject([{ pin: '4973' }]);
  });

  it('without one the desk says so and leads to where it is set; it is typed twice', async () => {
    w.host.till.owner.set({ isPinSet: false });
    await w.page.locator('.pin-chip').click();
    await w.page.locator('.owner-settings .button').first().click();
    await w.sees('输入新密码');
    await type('4973');
    await w.page.keyboard.press('Enter');
    await w.sees('新密码再输一遍');
    await type('4974');
    await w.page.keyboard.press('Enter');
    await w.sees('两次输入的不一样');
    expect(w.called('owner.setPin')).toEqual([]);
    await type('4973');
    await w.page.keyboard.press('Enter');
    await w.sees('新密码再输一遍');
    await type('4973');
    await w.page.keyboard.press('Enter');
    await w.sees('店主密码设好了');
    expect(w.called('owner.setPin')).toEqual([{ newPin: '4973' }]);
    expect(await w.page.locator('.pin-chip').count()).toBe(0);
    await expect.poll(() => w.page.locator('.pin-since').textContent()).toMatch(/^\d\d:\d\d 设的$/);
  });

  it('the chip brings the key that sets it into sight below five devices', async () => {
    w.host.till.setStatus({ devices: [...fiveDevices] });
    w.host.till.owner.set({ isPinSet: false });
    await w.page.locator('.pin-chip').click();
    const key = w.page.locator('.owner-settings .button').first();
    await key.waitFor({ timeout: seenTimeoutMs });
    const isSeen = () =>
      key.evaluate((element) => {
        const { left, top, height } = element.getBoundingClientRect();
        return element.contains(document.elementFromPoint(left + 9, top + height / 2));
      });
    await expect.poll(isSeen, { timeout: seenTimeoutMs }).toBe(true);
  });

  it.each(['zh', 'en'])(
    'what is wrong with the till as a whole stands in the bar on every page: %s',
    async (language) => {
      const page = await w.open({ width: 1366, height: 768 }, language);
      w.host.till.setStatus({ problem: { code: 'agent-not-activated' } });
      await page.locator('.hint-refused').waitFor({ timeout: seenTimeoutMs });
      expect(await page.locator('.problem-chip').count()).toBe(0);
      w.host.till.setStatus({
        ...offline,
        unsentCount: 12,
        exceptionCount: 3,
        problem: { code: 'disk-almost-full' },
        devices: [...fiveDevices],
      });
      w.host.till.owner.set({ isPinSet: false });
      const chip = page.locator('.problem-chip');
      await chip.waitFor({ timeout: seenTimeoutMs });
      expect(await chip.getAttribute('title')).toBe(
        errorCatalogue['disk-almost-full'][language as 'zh' | 'en'],
      );
      for (const viewport of [
        { width: 1920, height: 1080 },
        { width: 1366, height: 768 },
      ]) {
        await page.setViewportSize(viewport);
        expect(await findHiddenSigns(page)).toBe(0);
        expect(await findOverflow(page)).toEqual([]);
      }
      await chip.click();
      await page.locator('.today').waitFor({ timeout: seenTimeoutMs });
      await page.close();
    },
  );

  it('says since when one is set, with the day when it was not today', async () => {
    w.host.till.owner.set({ isPinSet: true, pinSetAtMs: nowMs - 86_400_000 * 40 });
    await w.page.locator('.tab').nth(3).click();
    await expect
      .poll(() => w.page.locator('.pin-since').textContent())
      .toMatch(/^\d\d-\d\d \d\d:\d\d 设的$/);
  });

  it.each(['zh', 'en'])(
    'without one, five devices and unsent sales leave every sign of the bar in sight: %s',
    async (language) => {
      w.host.till.owner.set({ isPinSet: false });
      w.host.till.setStatus({ devices: [...fiveDevices], unsentCount: 12 });
      const page = await w.open({ width: 1366, height: 768 }, language);
      await page.locator('.pin-chip').waitFor();
      await expect.poll(() => page.locator('.device-chips .chip').count()).toBe(5);
      expect(await findHiddenSigns(page)).toBe(0);
      expect(await findOverflow(page)).toEqual([]);
      await page.close();
    },
  );

  it("settings ask once for the owner's time, and leaving them ends it", async () => {
    w.host.till.owner.set({ isPinSet: true });
    await w.page.locator('.tab').nth(3).click();
    await w.page.locator('.settings button', { hasText: '小票' }).click();
    await w.page.locator('.paper').waitFor();
    w.host.till.refuseNext('receipt.template.set', 'owner-locked');
    await w.page.getByRole('switch', { name: '收银员' }).click();
    await w.page.getByRole('button', { name: '保存' }).click();
    await w.sees('改设置要店主密码');
    await type('4973');
    await w.page.keyboard.press('Enter');
    await expect.poll(() => w.called('receipt.template.set')).toHaveLength(2);
    expect(w.called('owner.unlock')).toEqual([{ pin: '4973' }]);
    await w.page.locator('.tab').first().click();
    await expect.poll(() => w.called('owner.lock')).toHaveLength(1);
  });
});

describeWindow('the activation of a new till', (w) => {
  const field = () => w.page.locator('.activation-code');
  const begin = async (): Promise<void> => {
    const nobody = { terminalId: null, merchantName: '', storeName: '' };
    w.host.till.setIdentity({ isActivated: false, ...nobody });
    await field().waitFor({ timeout: seenTimeoutMs });
  };
  const code = '7K4M92QXTZ0A';

  it('asks for one code, says what is wrong with it in words, and then for which shop it is', async () => {
    await begin();
    await w.sees('激活前不能收款');
    await w.page.keyboard.type('7k4m92qxtz0a', { delay: 60 });
    expect(await field().inputValue()).toBe('7K4M-92QX-TZ0A');
    await w.page.keyboard.press('Enter');
    await expect.poll(() => w.called('identity.activate')).toEqual([{ code: '7K4M-92QX-TZ0A' }]);
    for (const [refused, words] of [
      ['activation-code-expired', '激活码过期了'],
      ['activation-code-used', '用过'],
      ['activation-code-invalid', '激活码'],
      ['cloud-unreachable', '网络'],
    ] as const) {
      w.host.till.setIdentity({ refusal: { code: refused, atMs: nowMs } });
      await w.sees(words);
    }
    w.host.till.setIdentity({ refusal: null, clockOffMs: 3_600_000 });
    await w.sees('电脑时间不对');
    w.host.till.setIdentity({
      isActivated: true,
      clockOffMs: null,
      terminalId: 'trm_01K9V0Q8ZQ3M7S5T2X4Y6A8BCD',
      merchantName: '巷口面馆',
      storeName: '二店',
    });
    await w.sees('激活成功');
    await w.sees('巷口面馆');
    await w.page.keyboard.press('Enter');
    await w.page.locator('.key-go').waitFor({ timeout: seenTimeoutMs });
  });

  it(
    'takes a code from a keyboard scanner once, and says when something else was scanned',
    machineShared,
    async () => {
      await begin();
      await w.typeBurst('130000000000000001');
      await w.sees('扫到的不是激活码');
      expect(w.called('identity.activate')).toEqual([]);
      await w.typeBurst(code);
      await expect.poll(() => w.called('identity.activate').length).toBeGreaterThan(0);
      await w.page.waitForTimeout(300);
      expect(w.called('identity.activate')).toEqual([{ code }]);
      expect(w.called('till.scan')).toEqual([]);
    },
  );

  it('no key sells meanwhile', async () => {
    await begin();
    for (const key of ['F2', 'F7', 'F9', 'F12', 'Escape', 'Enter'])
      await w.page.keyboard.press(key);
    await w.page.waitForTimeout(200);
    expect(await field().count()).toBe(1);
    for (const method of ['till.payCash', 'drawer.open', 'orders.reprint', 'identity.activate'])
      expect(w.called(method)).toEqual([]);
  });
});
