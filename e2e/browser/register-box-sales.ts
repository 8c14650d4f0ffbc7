import type { Frame, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Stage } from '../stage/stage.ts';
import { sees, typeAmount } from './surface.ts';

/** The counter page with the till beside it. */
export interface House {
  readonly page: Page;
  readonly till: Frame;
  readonly stage: Stage;
  readonly picture: (page: Page, name: string) => Promise<void>;
  readonly papers: () => readonly string[];
  readonly flip: (name: string) => Promise<void>;
}

/** The hour at the box of the day that whole-house.test.ts tells: the network is off. */
export function registerBoxSales(house: () => House): void {
  it('takes the payment at the box, in sight of its customer, while the network is off', async () => {
    const { page, till, picture, papers } = house();
    const box = page.getByRole('region', { name: '刷卡盒子' });
    await sees(page, '等收银员下单');
    await typeAmount(page, '42');
    await page.getByRole('img', { name: '客显 42.00 总计' }).waitFor();
    await page.keyboard.press('F6');
    await sees(till, '请在盒子上收款', '盒子已收到');
    await box.getByText('¥42.00').waitFor();
    await picture(page, 'at-box');
    await box.getByRole('button', { name: '刷卡付' }).click();
    await sees(till, '收款成功 · 刷卡盒子', '42.00', /小票已打印/);
    await page.getByRole('img', { name: '客显 42.00 收款' }).waitFor();
    await sees(page, '上一笔 ¥42.00 刷卡 000001');
    expect(papers().at(-1)).toContain('盒子单号');
    await picture(page, 'box-paid');
    await page.keyboard.press('Enter');
  });

  it('does not know when the cable of the box is pulled, asks when it is back, and knows', async () => {
    const { page, till, stage, picture, flip } = house();
    await typeAmount(page, '15.6');
    await page.keyboard.press('F6');
    await sees(till, '请在盒子上收款', '盒子已收到');
    await flip('盒子的线');
    await page.getByRole('button', { name: '扫码付' }).click();
    await sees(till, '还不知道盒子收到没有');
    await picture(page, 'box-unknown');
    await flip('盒子的线');
    await sees(till, '收款成功 · 刷卡盒子', '15.60');
    expect(stage.bench.box.books().map((entry) => entry.amountFen)).toEqual([4_200, 1_560]);
    await page.keyboard.press('Enter');
  });
}
