import { fen } from '#shared/money/fen.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import type { BoxBehaviour } from '#drivers/simulator/box/box-behaviour.ts';
import type { BoxDesk } from '#drivers/simulator/box/box-desk.ts';

/** What a customer and an owner do at a simulated box, in words of one line. */
export const boxCommands = [
  'box pay [scan|show|card]  the customer pays what stands on the screen of the box',
  'box cancel | decline    he gives up; his bank refuses',
  'box late MS             it is paid, and the box says so only after MS milliseconds',
  'box mute | die          it is paid, and the box never says so; or it is dead from then on',
  'box power               off and on: what waited is lost, its books stay',
  'box line down | up      its own mobile line',
  'box next BEHAVIOUR      ask | approve | decline | mute | die | late MS, for the next sale alone',
  'box always BEHAVIOUR    the same for every sale; at first: ask',
  'box books               the money that moved',
] as const;

const lateMsMax = 600_000;
/** The last entries that are shown. */
const shownEntriesMax = 20;

/** undefined: no such command. */
export function runBoxCommand(box: BoxDesk, words: readonly string[]): string | undefined {
  const [verb = '', ...rest] = words;
  switch (verb) {
    case 'books':
      return booksOf(box).join('\n');
    case 'power':
      box.powerCycle();
      return 'the box was switched off and on';
    case 'line':
      return turnLine(box, rest[0]);
    case 'next':
    case 'always': {
      const behaviour = behaviourOf(rest);
      if (behaviour === undefined) return undefined;
      if (verb === 'next') box.script(behaviour);
      else box.setHabit(behaviour);
      return `box: ${verb} ${rest.join(' ')}`;
    }
    default:
      return decideNow(box, words);
  }
}

function turnLine(box: BoxDesk, way: string | undefined): string | undefined {
  if (way !== 'up' && way !== 'down') return undefined;
  box.setMobileLine(way === 'up');
  return `the mobile line of the box is ${way}`;
}

function decideNow(box: BoxDesk, words: readonly string[]): string | undefined {
  const behaviour = customerDecides(words);
  if (behaviour === undefined) return undefined;
  if (box.screen().type !== 'waiting') return 'nothing waits at the box';
  box.decide(behaviour);
  return `box: ${words.join(' ')}`;
}

function customerDecides(words: readonly string[]): BoxBehaviour | undefined {
  const [verb = '', how = 'scan'] = words;
  if (verb === 'cancel') return { type: 'decline', reason: 'user' };
  if (verb === 'pay') {
    return how === 'scan' || how === 'show' || how === 'card'
      ? { type: 'approve', method: how }
      : undefined;
  }
  return verb === 'ask' || verb === 'approve' ? undefined : behaviourOf(words);
}

function behaviourOf([name = '', value]: readonly string[]): BoxBehaviour | undefined {
  switch (name) {
    case 'ask':
      return { type: 'ask-customer' };
    case 'approve':
      return { type: 'approve' };
    case 'decline':
      return { type: 'decline' };
    case 'mute':
      return { type: 'never-answer', charges: true };
    case 'die':
      return { type: 'die', charges: true };
    case 'late': {
      const delayMs = Number(value);
      const fits = Number.isSafeInteger(delayMs) && delayMs >= 0 && delayMs <= lateMsMax;
      return fits ? { type: 'approve', delayMs } : undefined;
    }
    default:
      return undefined;
  }
}

const booksOf = (box: BoxDesk): readonly string[] => {
  const lines = box
    .books()
    .slice(-shownEntriesMax)
    .map(
      (entry) =>
        `${entry.ref} ${entry.kind} ${formatYuan(fen(entry.amountFen))} ${entry.method} ${entry.mark}`,
    );
  return lines.length === 0 ? ['the books of the box are empty'] : lines;
};

/** What stands on its screen. */
export function shownBox(box: BoxDesk): readonly string[] {
  const screen = box.screen();
  return screen.type === 'waiting'
    ? [`box: waiting for ${formatYuan(fen(screen.amountFen))}`]
    : [`box: ${screen.type}`];
}
