import { expect, test } from 'vitest';
import type { DraftLineView } from '#terminal/ipc/state.ts';
import { findOverflow, findSmallTargets } from './testing/page-checks.ts';
import { withGoods } from './testing/scripted-till.ts';
import { describeWindow } from './testing/window-bench.ts';

const line = (no: number, change: Partial<DraftLineView> = {}): DraftLineView => ({
  no,
  name: `康师傅红烧牛肉面 ${no}`,
  unit: '袋',
  quantity: 1,
  priceFen: 450,
  sumFen: 450,
  ...change,
});
const cola = line(1, {
  name: '可口可乐 500ml',
  unit: '瓶',
  quantity: 2,
  priceFen: 350,
  sumFen: 700,
});

describeWindow('goods in a sale', (w) => {
  const show = (...lines: readonly DraftLineView[]): void =>
    w.host.till.setDraft(withGoods(w.host.till.state().draft, lines, 0));
  const total = () => w.page.locator('.big').textContent();

  test('goods stand line by line below their sum; what is typed is one line more, and all of it is paid', async () => {
    show(cola, line(2));
    await w.sees('可口可乐 500ml');
    await w.sees('2瓶 × 3.50');
    await w.sees('本单金额 · 3 件');
    await expect.poll(total).toBe('¥11.50');
    await w.typeSlowly('0.5');
    await w.sees('手输金额');
    await expect.poll(total).toBe('¥12.00');
    await expect.poll(() => w.called('till.setAmount').at(-1)).toEqual({ amountFen: 50 });
    await w.page.keyboard.press('F9');
    await w.sees('应收');
    await w.typeSlowly('20');
    await w.sees('¥8.00');
    await w.page.keyboard.press('NumpadEnter');
    await expect.poll(() => w.called('till.payCash')).toEqual([{ tenderedFen: 2000 }]);
  });

  test('goods alone are paid by Enter, with nothing typed', async () => {
    show(cola);
    await w.sees('可口可乐 500ml');
    await w.page.keyboard.press('Enter');
    await w.sees('应收');
    await w.page.keyboard.press('Enter');
    await expect.poll(() => w.called('till.payCash')).toEqual([{ tenderedFen: 700 }]);
  });

  test('a line leaves by its button; Esc takes what was typed first, then the goods', async () => {
    show(cola, line(2));
    await w.page.getByRole('button', { name: '去掉 可口可乐 500ml' }).click();
    await expect.poll(() => w.called('till.dropLines')).toEqual([{ no: 1 }]);
    await expect.poll(total).toBe('¥4.50');
    await w.typeSlowly('5');
    await expect.poll(total).toBe('¥9.50');
    await w.page.keyboard.press('Escape');
    await expect.poll(total).toBe('¥4.50');
    expect(w.called('till.dropLines')).toHaveLength(1);
    await w.page.keyboard.press('Escape');
    await expect.poll(() => w.called('till.dropLines').at(-1)).toEqual({});
    await expect.poll(total).toBe('¥0.00');
    expect(await w.page.locator('.goods').count()).toBe(0);
  });

  test('the price stays in sight at every size, and so does the line that was scanned last', async () => {
    const many = Array.from({ length: 30 }, (_, at) => line(at + 1));
    show(...many);
    for (const viewport of [
      { width: 1024, height: 768 },
      { width: 1280, height: 800 },
    ]) {
      await w.page.setViewportSize(viewport);
      show(...many);
      await expect.poll(() => w.page.locator('.goods > li').count()).toBe(30);
      expect(await findOverflow(w.page)).toEqual([]);
      expect(await findSmallTargets(w.page)).toEqual([]);
      // One piece more brings its line into sight, wherever it stands.
      show(...many.slice(0, -1), line(30, { quantity: 2, sumFen: 900 }));
      await expect.poll(() => isInSight(30)).toBe(true);
      show(line(1, { quantity: 2, sumFen: 900 }), ...many.slice(1));
      await expect.poll(() => isInSight(1)).toBe(true);
    }
    const album = process.env['GREENTILL_PICTURES'];
    if (album === undefined) return;
    show(cola, line(2), line(3, { name: '清风抽纸', unit: '包' }));
    await w.page.getByText('清风抽纸').waitFor();
    await w.page.screenshot({ path: `${album}/goods.png` });
  });

  const isInSight = (place: number): Promise<boolean> =>
    w.page.evaluate((at) => {
      const list = document.querySelector('.goods')!.getBoundingClientRect();
      const row = document.querySelector(`.goods > li:nth-child(${at})`)!.getBoundingClientRect();
      return row.top >= list.top - 1 && row.bottom <= list.bottom + 1;
    }, place);

  test('without a line the ways that still work stand below the goods', async () => {
    w.host.till.setStatus({ online: false, offlineSinceMs: 1 });
    show(cola, line(2));
    await w.sees('可口可乐 500ml');
    await w.sees('照常');
    const album = process.env['GREENTILL_PICTURES'];
    if (album !== undefined) await w.page.screenshot({ path: `${album}/goods-offline.png` });
    expect(await findOverflow(w.page)).toEqual([]);
  });
});
