import { describe } from 'vitest';
import { boxKinds } from '#drivers/contract/box-kinds.ts';
import { describeWithPty } from '#drivers/contract/pty.ts';
import { registerBoxPosContract } from '#drivers/contract/register-box-pos-contract.ts';
import {
  createMemoryHarness,
  createPtyHarness,
  createTcpHarness,
} from '#drivers/contract/wire-harness.ts';

for (const kind of boxKinds) {
  describe('memory', () => registerBoxPosContract(kind, createMemoryHarness));
  describe('tcp', () => registerBoxPosContract(kind, createTcpHarness));
  describeWithPty(describe, 'serial over a pseudo terminal', () =>
    registerBoxPosContract(kind, createPtyHarness),
  );
}
