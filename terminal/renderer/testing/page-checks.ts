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

/** A frame of a person's patience: what blocks the page's thread for longer is felt. */
const longTaskMs = 50;

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the thread's own work: what other programs took from the machine is not in it. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * Collects tasks of the page's own thread that work for more than 50 ms, by the thread's clock: on
 * a machine that does much else at the time, a task that waits for its processor is not a slow one.
 */
export async function watchLongTasks(page: Page): Promise<() => Promise<readonly number[]>> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('a page without a browser');
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  return async () => {
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString('utf8')) as {
      readonly traceEvents: readonly TraceEvent[];
    };
    const threadOf = ({ pid, tid }: TraceEvent): string => `${pid}/${tid}`;
    const ofPages = new Set(
      traceEvents
        .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
        .map(threadOf),
    );
    return traceEvents
      .filter((event) => ofPages.has(threadOf(event)) && event.tdur !== undefined)
      .map(({ tdur = 0 }) => tdur / 1_000)
      .filter((workedMs) => workedMs > longTaskMs);
  };
}

/**
 * Times each green screen: from the last message on the socket to the frame in which it is painted,
 * in milliseconds.
 */
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
