import type { DeskAction, FunctionKey } from '../desk/desk.ts';
import type { AmountKey } from './amount-entry.ts';
import { charOfKey } from './key-names.ts';
import { noSlowRun, pressSlowKey, type SlowRun } from './slow-run.ts';
import {
  burstSettleMs,
  pressWedgeKey,
  quietWedge,
  settleWedge,
  type WedgeOutput,
  type WedgeState,
} from './wedge.ts';

/** What a key does once it is known to be typed by a person. */
type Typed = DeskAction | { readonly type: 'nothing' };

const functionKeys: ReadonlySet<string> = new Set<FunctionKey>([
  'F2',
  'F3',
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
  let field: { readonly element: HTMLInputElement; readonly value: string } | undefined;

  const follow = (
    step: {
      state: WedgeState<Typed>;
      outputs: readonly WedgeOutput<Typed>[];
    },
    slowText?: string,
  ): void => {
    wedge = step.state;
    for (const output of step.outputs) {
      if (output.type === 'typed') doTyped(output.key);
      else if (output.type === 'retract') act({ type: 'take-back' });
      else {
        restoreField();
        act(scanOf(output, slowText));
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
  /** A code that a scanner wrote into the search box does not stay there. */
  const restoreField = (): void => {
    if (!field) return;
    setValue(field.element, field.value);
    field = undefined;
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const element = event.target instanceof HTMLInputElement ? event.target : undefined;
    const char = charOfKey(event);
    if (event.repeat && char !== undefined) return event.preventDefault();
    if (event.key === 'Tab' || event.key.startsWith('Arrow')) tabbing = true;
    if (element) {
      if (wedge.run.length === 0) field = { element, value: element.value };
      if (event.key === 'Escape') element.blur();
    } else field = undefined;
    if (shouldPrevent(event, char, element !== undefined)) event.preventDefault();
    const slow = pressSlowKey(slowRun, {
      char: element ? undefined : char,
      atMs: event.timeStamp,
    });
    slowRun = slow.run;
    const key = element ? typedInField(event) : typedOutside(event, char, slow.scan);
    if (char !== undefined && char !== 'Enter' && char !== ' ') tabbing = false;
    follow(pressWedgeKey(wedge, { char, atMs: event.timeStamp, key }), slow.scan);
    view.clearTimeout(settleTimer);
    if (wedge.run.length > 0) settleTimer = view.setTimeout(settleNow, burstSettleMs);
  };
  const settleNow = (): void => follow(settleWedge(wedge));
  const shouldPrevent = (
    event: KeyboardEvent,
    char: string | undefined,
    inField: boolean,
  ): boolean => {
    if (functionKeys.has(event.key) || char === 'Enter') return true;
    if (inField) return false;
    if (char === ' ') return !tabbing || wedge.suspected;
    return char !== undefined || event.key === 'Backspace';
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

/** The shortest payment code of any wallet. */
const payCodeCharsMin = 16;

/** A burst that is shorter than any payment code may be the tail of a scan whose rhythm stumbled. */
function scanOf(
  output: Exclude<WedgeOutput<Typed>, { type: 'typed' | 'retract' }>,
  slowText: string | undefined,
): DeskAction {
  const text = output.type === 'scan' ? output.text : '';
  if (slowText !== undefined && text.length < payCodeCharsMin && slowText.length > text.length)
    return { type: 'slow-scan', text: slowText };
  return output.type === 'scan' ? output : { type: 'unreadable-scan' };
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

/** In a field the characters are the field's own; only the function keys stay ours. */
const typedInField = (event: KeyboardEvent): Typed => typedFunction(event);

const typedFunction = (event: KeyboardEvent): Typed =>
  functionKeys.has(event.key)
    ? { type: 'function', key: event.key as FunctionKey }
    : { type: 'nothing' };

/** Sets a value so that React hears of it. */
function setValue(element: HTMLInputElement, value: string): void {
  Reflect.set(HTMLInputElement.prototype, 'value', value, element);
  element.dispatchEvent(new Event('input', { bubbles: true }));
}
