import { describe, expect, it } from 'vitest';
import type { OwnerState } from '#terminal/ipc/owner.ts';
import type { TerminalLink } from '../link/terminal-link.ts';
import { createOwnerGate } from './owner-gate.ts';

const calm: OwnerState = {
  isPinSet: true,
  triesLeft: 5,
  lockedUntilMs: null,
  unlockedUntilMs: null,
  guardsDrawer: false,
  pinSetAtMs: null,
};

/** An agent that answers how things stand when it is told to, and the rest at once. */
function slowAgent() {
  const asked: { readonly name: string; readonly request: unknown }[] = [];
  const waiting: (() => void)[] = [];
  const call = (name: string, request: unknown): Promise<unknown> => {
    asked.push({ name, request });
    if (name !== 'owner.state') return Promise.resolve({ ok: true, value: { approvalId: 'A1' } });
    return new Promise((resolve) => {
      waiting.push(() => resolve({ ok: true, value: calm }));
    });
  };
  return {
    link: { call } as unknown as Pick<TerminalLink, 'call'>,
    asked,
    answerState: () => waiting.shift()?.(),
  };
}

describe('the sheet for the PIN, while the agent has not yet said how things stand', () => {
  it('keeps every digit an owner in haste types, and what is told later does not wipe them', async () => {
    const agent = slowAgent();
    const gate = createOwnerGate(agent.link);
    const unlocked = gate.unlock();
    for (const digit of '604') gate.press(digit);
    expect(gate.getSheet()?.digitCount).toBe(3);
    agent.answerState();
    await expect.poll(() => gate.getSheet()?.owner).toEqual(calm);
    expect(gate.getSheet()?.digitCount).toBe(3);
    for (const digit of '817') gate.press(digit);
    gate.enter();
    await unlocked;
    expect(agent.asked.at(-1)).toEqual({ name: 'owner.unlock', request: { pin: '604817' } });
  });

  it('takes a whole PIN and Enter before that answer', async () => {
    const agent = slowAgent();
    const gate = createOwnerGate(agent.link);
    const unlocked = gate.unlock();
    for (const digit of '604817') gate.press(digit);
    gate.enter();
    expect(await unlocked).toBe(true);
    agent.answerState();
    expect(gate.getSheet()).toBeNull();
  });

  it('waits with a new PIN: whether the old one comes first is not known yet', async () => {
    const agent = slowAgent();
    const gate = createOwnerGate(agent.link);
    void gate.setPin();
    gate.press('6');
    expect(gate.getSheet()).toMatchObject({ digitCount: 0, isAsking: true });
    agent.answerState();
    await expect.poll(() => gate.getSheet()).toMatchObject({ step: 'old', isAsking: false });
  });
});
