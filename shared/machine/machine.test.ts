import { expect, test } from 'vitest';
import { createMachine } from '#shared/machine/machine.ts';

const door = createMachine<'open' | 'shut' | 'locked' | 'walled', 'push' | 'pull' | 'turn'>({
  open: { push: 'shut' },
  shut: { pull: 'open', turn: 'locked' },
  locked: { turn: 'shut' },
  walled: {},
});

test('an event in the table leads to the state it names', () => {
  expect(door.propose('open', 'push')).toBe('shut');
  expect(door.propose('shut', 'turn')).toBe('locked');
});

test('an event the table does not name is refused', () => {
  expect(door.propose('locked', 'push')).toBeUndefined();
  expect(door.propose('walled', 'turn')).toBeUndefined();
});

test('names inherited from Object are no events', () => {
  expect(door.propose('open', 'toString' as 'push')).toBeUndefined();
  expect(door.propose('constructor' as 'open', 'push')).toBeUndefined();
});

test('accepts lists the events of a state, reachable follows them to the end', () => {
  expect(door.accepts('shut')).toEqual(['pull', 'turn']);
  expect([...door.reachable('open')].toSorted()).toEqual(['locked', 'open', 'shut']);
  expect([...door.reachable('walled')]).toEqual(['walled']);
});
