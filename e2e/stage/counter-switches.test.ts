import { expect, it } from 'vitest';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { createBoxDesk } from '#drivers/simulator/box/box-desk.ts';
import { boxLateMs, type BoxAct } from '#terminal/renderer/counter/contract.ts';
import { actAtBox, faceOfBox } from './counter-switches.ts';

const waiting = { type: 'waiting', mark: 'A01', amountFen: 3_850 } as const;

async function playAtBox(act: BoxAct) {
  const time = createManualTime();
  const desk = createBoxDesk(time);
  desk.setHabit({ type: 'ask-customer' });
  const verdicts: string[] = [];
  desk.take({ kind: 'sale', mark: 'A01', amountFen: 3_850, original: '' }, ({ verdict }) =>
    verdicts.push(verdict),
  );
  expect(faceOfBox(desk)).toEqual({ screen: waiting, last: null });
  actAtBox(desk, act);
  const atOnce = verdicts.join();
  await time.advance(boxLateMs);
  const { screen, last } = faceOfBox(desk);
  return { atOnce, later: verdicts.join(), screen: screen.type, method: last?.method };
}

it.each([
  ['pay-scan', { atOnce: 'done', later: 'done', screen: 'idle', method: 'scan' }],
  ['pay-show', { atOnce: 'done', later: 'done', screen: 'idle', method: 'show' }],
  ['pay-card', { atOnce: 'done', later: 'done', screen: 'idle', method: 'card' }],
  ['cancel', { atOnce: 'user', later: 'user', screen: 'idle' }],
  ['decline', { atOnce: 'bank', later: 'bank', screen: 'idle' }],
  ['late', { atOnce: '', later: 'done', screen: 'idle', method: 'scan' }],
  ['mute', { atOnce: '', later: '', screen: 'idle', method: 'scan' }],
  ['die', { atOnce: '', later: '', screen: 'dead', method: 'scan' }],
  ['power', { atOnce: '', later: '', screen: 'idle' }],
] as const)('at the box, %s ends a sale like this: %o', async (act, outcome) => {
  expect(await playAtBox(act)).toEqual(outcome);
});
