import { describe } from 'vitest';
import { describeWithPty } from '#drivers/contract/pty.ts';
import { registerScannerContract } from '#drivers/contract/register-scanner-contract.ts';
import {
  createMemoryHarness,
  createPtyHarness,
  createTcpHarness,
} from '#drivers/contract/wire-harness.ts';

describe('memory', () => registerScannerContract(createMemoryHarness));
describe('tcp', () => registerScannerContract(createTcpHarness));
describeWithPty(describe, 'serial over a pseudo terminal', () =>
  registerScannerContract(createPtyHarness),
);
