import { useState, type ReactNode } from 'react';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { ExceptionRow, HandledRow } from '#terminal/ipc/views.ts';
import { useApp, useNow } from '../app/context.ts';
import { call } from '../desk/desk.ts';
import type { Words } from '../i18n/zh.ts';
import { dealWord, Note } from './deal-with.tsx';

const ways = ['cash', 'static-code-seen', 'transfer'] as const;

/**
 * What became of promised money, by a person's word: how it came, or that it will not, which the
 * owner has to confirm.
 */
export function EndPromise({ row }: { readonly row: ExceptionRow }): ReactNode {
  const { words, store } = useApp();
  const [isBreaking, setBreaking] = useState(false);
  const { promise } = words;
  const { orderId } = row;
  if (isBreaking)
    return (
      <Note
        hint={promise.brokenNote}
        action={promise.brokenSave}
        save={(note) =>
          store.request(call('orders.breakPromise', { orderId, note }), 'promiseEnded')
        }
        leave={() => setBreaking(false)}
      />
    );
  return (
    <div className="row exceptions-deal">
      {ways.map((how) => (
        <button
          key={how}
          type="button"
          className="button"
          onClick={() =>
            store.request(call('orders.keepPromise', { orderId, how }), 'promiseEnded')
          }
        >
          {promise.how[how]}
        </button>
      ))}
      <button type="button" className="button" onClick={() => setBreaking(true)}>
        {promise.broken}
      </button>
    </div>
  );
}

const agePeriodMs = 60_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Who owes it, in which way, and how long ago. */
export function PromiseAge({ row }: { readonly row: ExceptionRow }): ReactNode {
  const { words } = useApp();
  const ageMs = Math.max(0, useNow(agePeriodMs) - row.sinceMs);
  if (!row.promise) return null;
  const { kind, who } = row.promise;
  const name = words.promise.kind[kind];
  return [name, ...(who === '' ? [] : [who]), ageText(ageMs, words)].join(' · ');
}

function ageText(ageMs: number, { promise }: Words): string {
  if (ageMs >= 2 * dayMs) return promise.days(Math.floor(ageMs / dayMs));
  return ageMs >= hourMs
    ? promise.hours(Math.floor(ageMs / hourMs))
    : promise.minutes(Math.floor(ageMs / minuteMs));
}

/** How a row was dealt with, in words. */
export function dealtWith(row: HandledRow, words: Words): string {
  const { action } = row;
  switch (action) {
    case 'broken':
      return words.promise.broken;
    case 'cash':
    case 'static-code-seen':
    case 'transfer':
      return words.promise.how[action];
    case 'seen':
    case 'reprinted':
    case 'acknowledged':
      return dealWord(row, action, words);
    default:
      return exhaustive(action);
  }
}
