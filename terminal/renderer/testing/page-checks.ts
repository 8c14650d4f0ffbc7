import type { Page } from 'playwright-core';

/** What does not fit on the page: text cut off by its own box, or a box outside of the window. Empty when all fits. */
export function findOverflow(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const faults: [what: string, element: Element][] = [];
    if (document.documentElement.scrollWidth > window.innerWidth)
      faults.push(['page is too wide', document.body]);
    const boxes =
      'button, .chip, .big, .strip-value, .four-value, .label, .hint, h1, h2, .till-card';
    for (const element of document.querySelectorAll(boxes)) {
      const box = element.getBoundingClientRect();
      if (box.width === 0 || element.closest('.only-read')) continue;
      if (box.left < -1 || box.right > window.innerWidth + 1) faults.push(['outside', element]);
      // Letters may reach over their line's box; only a scrolling card hides what does not fit in height.
      const tall = element.matches('.till-card') && element.scrollHeight > element.clientHeight + 1;
      const cut = tall || element.scrollWidth > element.clientWidth + 1;
      if (cut && element.clientWidth > 0) faults.push(['cut', element]);
    }
    return faults.map(
      ([what, element]) =>
        `${what}: ${element.classList.item(0) ?? ''} "${(element.textContent ?? '').slice(0, 24)}"`,
    );
  });
}

/** Keys of the keypad and the main targets, by the smaller of what is asked: 72x64 for keys, 44x44 for the rest. */
export function findSmallTargets(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    for (const button of document.querySelectorAll('button')) {
      const { width, height } = button.getBoundingClientRect();
      if (width === 0) continue;
      const [least, tall] = button.classList.contains('key') ? [72, 64] : [44, 44];
      if (width < least || height < tall)
        faults.push(`${button.textContent ?? ''} ${Math.round(width)}x${Math.round(height)}`);
    }
    return faults;
  });
}

/** Collects tasks of the page's own thread that block it for more than 50 ms. */
export async function watchLongTasks(page: Page): Promise<() => Promise<readonly number[]>> {
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { longTasks: seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.push(entry.duration);
    }).observe({ type: 'longtask' });
  });
  return () =>
    page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks.slice());
}

/** Times each green screen: from the last message on the socket to the frame in which it is painted, in milliseconds. */
export async function watchResults(page: Page): Promise<() => Promise<readonly number[]>> {
  await page.evaluate(() => {
    const elapsedMs: number[] = [];
    Object.assign(window, { resultTimes: elapsedMs });
    let messageMs = 0;
    const original = MessageEvent.prototype;
    const data = Object.getOwnPropertyDescriptor(original, 'data');
    // Reading the message is the first thing that the window does with it.
    Object.defineProperty(original, 'data', {
      get(this: MessageEvent): unknown {
        if (this.target instanceof WebSocket) messageMs = performance.now();
        return data?.get?.call(this);
      },
    });
    new MutationObserver((changes) => {
      // Green comes as a screen of its own, or the amber one turns green.
      const shown = changes
        .flatMap((change) =>
          change.type === 'attributes' ? [change.target] : Array.from(change.addedNodes),
        )
        .some((node) => node instanceof Element && node.matches('.overlay-green'));
      const arrivedMs = messageMs;
      if (shown) requestAnimationFrame(() => elapsedMs.push(performance.now() - arrivedMs));
    }).observe(document.body, {
      attributeFilter: ['class'],
      childList: true,
      subtree: true,
    });
  });
  return () =>
    page.evaluate(() => (window as unknown as { resultTimes: number[] }).resultTimes.slice());
}
