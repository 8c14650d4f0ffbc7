import { expect, test } from 'vitest';
import { describeWindow, machineShared } from './testing/window-bench.ts';

const paymentCode = '134567890123456789';

interface Stroke {
  readonly key: string;
  readonly code: string;
  readonly modifierCapsLock?: boolean;
  readonly keyCode?: number;
}

const digits = (text: string): readonly Stroke[] =>
  Array.from(text, (digit) => ({ key: digit, code: `Digit${digit}` }));

describeWindow('keyboard-wedge scanners in a browser', (w) => {
  /** Real key events at the pace of a machine, at whatever has the focus; says which of them the window took. */
  const burst = (strokes: readonly Stroke[]): Promise<readonly boolean[]> =>
    w.page.evaluate(
      (keys) =>
        keys.map((key) => {
          const event = new KeyboardEvent('keydown', { ...key, cancelable: true, bubbles: true });
          const target = document.activeElement ?? document.body;
          const passed = target.dispatchEvent(event);
          // What the browser would do with a character that was let through to a field.
          if (passed && target instanceof HTMLInputElement && key.key.length === 1)
            document.execCommand('insertText', false, key.key);
          return !passed;
        }),
      strokes,
    );
  const openSearch = async (): Promise<void> => {
    await w.page.keyboard.press('Tab');
    await w.page.keyboard.press('Tab');
    await w.page.keyboard.press('Enter');
    await w.page.locator('.orders').waitFor();
    await w.page.locator('.search input').focus();
  };
  const searched = (): Promise<string> => w.page.locator('.search input').inputValue();

  test('Tab as suffix ends a scan and moves no focus', async () => {
    const taken = await burst([...digits(paymentCode), { key: 'Tab', code: 'Tab' }]);
    await expect.poll(() => w.called('till.scan')).toEqual([{ text: paymentCode }]);
    expect(taken.at(-1)).toBe(true);
    expect(await w.page.locator('.big').textContent()).toBe('¥0.00');
  });

  test('a scanner without a suffix is heard after a silence, an unknown burst is typing', async () => {
    await burst(digits(paymentCode));
    await expect.poll(() => w.called('till.scan')).toEqual([{ text: paymentCode }]);
    expect(await w.page.locator('.big').textContent()).toBe('¥0.00');
  });

  test('a scan into the search box goes to the agent and to the till', async () => {
    await openSearch();
    await burst([...digits(paymentCode), { key: 'Enter', code: 'Enter' }]);
    await expect.poll(() => w.called('till.scan')).toEqual([{ text: paymentCode }]);
    await w.page.locator('.big').waitFor();
  });

  test('what a scanner wrote into the search box goes, what a person wrote stays', async () => {
    await openSearch();
    await w.page.keyboard.type('2wr', { delay: 90 });
    await w.page.waitForTimeout(200);
    await burst([...digits('1234567'), { key: 'Enter', code: 'Enter' }]);
    await w.sees('没扫清楚');
    expect(await searched()).toBe('2WR');
    expect(w.called('till.scan')).toEqual([]);
  });

  test('what a person types fast into the search box stays there', machineShared, async () => {
    await openSearch();
    await w.page.keyboard.type('77', { delay: 5 });
    await w.page.waitForTimeout(200);
    expect(await searched()).toBe('77');
    expect(w.called('till.scan')).toEqual([]);
  });

  test('a burst under an input method leaves what a person was composing, and no digit', async () => {
    await openSearch();
    const session = await w.page.context().newCDPSession(w.page);
    await session.send('Input.imeSetComposition', {
      text: 'ni',
      selectionStart: 2,
      selectionEnd: 2,
    });
    await w.page.waitForTimeout(200);
    const processed = digits('1234567').map(({ code }) => ({ code, key: 'Process', keyCode: 229 }));
    await burst([...processed, { key: 'Enter', code: 'Enter', keyCode: 229 }]);
    await w.sees('没扫清楚');
    expect(await searched()).toMatch(/^ni$/i);
    expect(await w.page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
  });

  test('wide digits of an input method are read by their keys', async () => {
    const wide = Array.from(paymentCode, (digit) => ({
      key: String.fromCodePoint(0xff10 + Number(digit)),
      code: `Digit${digit}`,
    }));
    await burst([...wide, { key: 'Enter', code: 'Enter' }]);
    await expect.poll(() => w.called('till.scan')).toEqual([{ text: paymentCode }]);
  });

  test('keys that an input method ate are explained', async () => {
    const eaten = Array.from({ length: 18 }, () => ({ key: 'Process', code: '', keyCode: 229 }));
    await burst([...eaten, { key: 'Enter', code: 'Enter' }]);
    await w.sees('输入法');
    expect(w.called('till.scan')).toEqual([]);
  });

  test('letters that caps lock turned are turned back', async () => {
    const typed = 'HTTPS://X.CN/aB';
    const codes: Readonly<Record<string, string>> = {
      ':': 'Semicolon',
      '/': 'Slash',
      '.': 'Period',
    };
    const strokes = Array.from(typed, (char) => ({
      key: char,
      code: codes[char] ?? `Key${char.toUpperCase()}`,
      shiftKey: char === ':',
      modifierCapsLock: true,
    }));
    await burst([...strokes, { key: 'Enter', code: 'Enter', modifierCapsLock: true }]);
    await expect.poll(() => w.called('till.scan')).toEqual([{ text: 'https://x.cn/Ab' }]);
  });
});
