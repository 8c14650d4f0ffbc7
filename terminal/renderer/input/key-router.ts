import { undoCapsLock } from '#shared/scan/caps-lock.ts';
import { noSlowRun, pressSlowKey, type SlowRun } from '#shared/scan/slow-run.ts';
import {
  burstSettleMs,
  pressWedgeKey,
  quietWedge,
  settleWedge,
  type WedgeOutput,
  type WedgeState,
  type WedgeStep,
} from '#shared/scan/wedge-machine.ts';
import type { DeskAction, FunctionKey } from '../desk/desk.ts';
import type { AmountKey } from './amount-entry.ts';
import { createTypedField } from './typed-field.ts';
import { charOfKey } from './key-names.ts';

/** What a key does once it is known to be typed by a person. */
type Typed = DeskAction | { readonly type: 'nothing' };

const functionKeys: ReadonlySet<string> = new Set<FunctionKey>([
  'F1',
  'F2',
  'F3',
  'F4',
  'F5',
  'F6',
  'F7',
  'F9',
  'F10',
  'F12',
]);

/**
 * Listens to every key of the window, before any button sees it: tells scanners from people, and turns what people
 * type into actions. Enter presses the focused button only when the focus was moved there by keyboard (Tab), never
 * because a finger touched it before, and never from a scanner.
 */
export function listenToKeys(view: Window, act: (action: DeskAction) => void): () => void {
  let wedge: WedgeState<Typed> = quietWedge;
  let slowRun: SlowRun = noSlowRun;
  let settleTimer: number | undefined;
  let tabbing = false;
  let capsLock = false;
  const field = createTypedField();

  const follow = (step: WedgeStep<Typed>, slowText?: string): void => {
    wedge = step.state;
    for (const output of step.outputs) {
      if (output.type === 'typed') doTyped(output.key);
      else if (output.type === 'retract') act({ type: 'take-back' });
      else {
        field.restore();
        act(scanOf(output, { slowText, capsLock }));
      }
    }
  };
  const doTyped = (typed: Typed): void => {
    if (typed.type === 'nothing') return;
    if (typed.type !== 'enter' || !pressFocused()) act(typed);
  };
  const pressFocused = (): boolean => {
    const focused = view.document.activeElement;
    if (!tabbing || !(focused instanceof HTMLElement) || !focused.matches('button, a, summary'))
      return false;
    focused.click();
    return true;
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const element = fieldOf(event);
    const char = charOfKey(event);
    if (event.repeat && char !== undefined && char !== 'Tab') return event.preventDefault();
    capsLock = event.getModifierState('CapsLock');
    if (element) field.note(element, wedge.run.length === 0);
    else field.forget();
    if (element && event.key === 'Escape') element.blur();
    const slow = pressSlowKey(slowRun, {
      char: element ? undefined : char,
      atMs: event.timeStamp,
    });
    slowRun = slow.run;
    const key = element ? typedInField(event, element) : typedOutside(event, char, slow.scan);
    const step = pressWedgeKey(wedge, { char, atMs: event.timeStamp, key });
    const ended = slow.scan !== undefined || step.outputs.some(isMachines);
    const { suspected } = wedge;
    if (ended || isOurs(event, { char, element, tabbing, suspected })) event.preventDefault();
    if (event.key.startsWith('Arrow') || (char === 'Tab' && !ended)) tabbing = true;
    else if (char !== undefined && char !== 'Enter' && char !== ' ') tabbing = false;
    follow(step, slow.scan);
    view.clearTimeout(settleTimer);
    if (wedge.run.length > 0) settleTimer = view.setTimeout(settleSoon, burstSettleMs);
  };
  /** A busy window runs its timers late: the keys that wait behind them get their turn first. */
  const settleSoon = (): void => {
    settleTimer = view.setTimeout(() => follow(settleWedge(wedge)), 0);
  };
  const onPointerDown = (): void => {
    tabbing = false;
  };

  view.addEventListener('keydown', onKeyDown, true);
  view.addEventListener('pointerdown', onPointerDown, true);
  return () => {
    view.clearTimeout(settleTimer);
    view.removeEventListener('keydown', onKeyDown, true);
    view.removeEventListener('pointerdown', onPointerDown, true);
  };
}

interface KeyPlace {
  readonly char: string | undefined;
  /** The field that has the focus. */
  readonly element: HTMLElement | undefined;
  /** The focus was moved by keyboard. */
  readonly tabbing: boolean;
  /** The key may belong to a scanner's burst. */
  readonly suspected: boolean;
}

/** Whether the browser must not do with a key what it would do by itself. */
function isOurs(event: KeyboardEvent, { char, element, tabbing, suspected }: KeyPlace): boolean {
  if (functionKeys.has(event.key)) return true;
  if (char === 'Tab') return false;
  // A new line in a text of several lines is its writer's, unless a scanner ends its code with it.
  if (char === 'Enter') return !(element instanceof HTMLTextAreaElement) || suspected;
  if (element) return false;
  if (char === ' ') return !tabbing || suspected;
  return char !== undefined || event.key === 'Backspace';
}

const isMachines = (output: WedgeOutput<Typed>): output is Machines =>
  output.type === 'scan' || output.type === 'unreadable';

const fieldOf = ({ target }: KeyboardEvent): HTMLInputElement | HTMLTextAreaElement | undefined =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement ? target : undefined;

/** The shortest payment code of any wallet. */
const payCodeCharsMin = 16;

type Machines = Exclude<WedgeOutput<Typed>, { type: 'typed' | 'retract' }>;

/** A burst that is shorter than any payment code may be the tail of a scan whose rhythm stumbled. */
function scanOf(
  output: Machines,
  { slowText, capsLock }: { readonly slowText: string | undefined; readonly capsLock: boolean },
): DeskAction {
  const text = output.type === 'scan' ? output.text : '';
  if (slowText !== undefined && text.length < payCodeCharsMin && slowText.length > text.length)
    return { type: 'slow-scan', text: slowText };
  if (output.type === 'unreadable') return { type: 'unreadable-scan', because: output.because };
  return { type: 'scan', text: capsLock ? undoCapsLock(text) : text };
}

function typedOutside(
  event: KeyboardEvent,
  char: string | undefined,
  slowScan: string | undefined,
): Typed {
  if (char !== undefined && /^[0-9.]$/.test(char))
    return { type: 'amount-key', key: char as AmountKey };
  if (slowScan !== undefined) return { type: 'slow-scan', text: slowScan };
  if (char === 'Enter') return { type: 'enter' };
  if (event.key === 'Backspace') return { type: 'backspace' };
  if (event.key === 'Delete') return { type: 'clear' };
  if (event.key === 'Escape') return { type: 'escape' };
  return typedFunction(event);
}

/**
 * In a field the characters are the field's own; only the function keys stay ours, and a person's
 * Enter where the field is a panel's last word (`data-enter`). An input method's Enter only ends
 * its word.
 */
const typedInField = (event: KeyboardEvent, element: HTMLElement): Typed =>
  event.key === 'Enter' && 'enter' in element.dataset && !event.isComposing
    ? { type: 'enter' }
    : typedFunction(event);

const typedFunction = (event: KeyboardEvent): Typed =>
  functionKeys.has(event.key)
    ? { type: 'function', key: event.key as FunctionKey }
    : { type: 'nothing' };
