import { describe } from 'vitest';
import { describeWithPty } from '#drivers/contract/pty.ts';
import { registerPrinterContract } from '#drivers/contract/register-printer-contract.ts';
import {
  createMemoryHarness,
  createPtyHarness,
  createTcpHarness,
  createUsbLpHarness,
} from '#drivers/contract/wire-harness.ts';

describe('memory', () => registerPrinterContract(createMemoryHarness));
describe('tcp', () => registerPrinterContract(createTcpHarness));
describeWithPty(describe, 'serial over a pseudo terminal', () =>
  registerPrinterContract(createPtyHarness),
);
describeWithPty(describe, 'printer node over a pseudo terminal', () =>
  registerPrinterContract(createUsbLpHarness),
);
