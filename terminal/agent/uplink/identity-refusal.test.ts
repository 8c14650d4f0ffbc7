import { describe, expect, test } from 'vitest';
import { standingRefusal } from '#terminal/agent/uplink/identity-refusal.ts';

const journal = '/v1/journal/batches';

describe('standing refusal', () => {
  test.each([
    [
      'a false signature stands',
      undefined,
      '/v1/heartbeats',
      'signature-invalid',
      'signature-invalid',
    ],
    ['any success ends it', 'signature-invalid', journal, undefined, undefined],
    [
      'an overload says nothing about identity',
      'terminal-unknown',
      journal,
      'cloud-busy',
      'terminal-unknown',
    ],
    [
      'the journal stays open to a closed terminal',
      'terminal-revoked',
      journal,
      undefined,
      'terminal-revoked',
    ],
    [
      'another success shows that it is open again',
      'terminal-revoked',
      '/v1/heartbeats',
      undefined,
      undefined,
    ],
    [
      'the newest refusal counts',
      'signature-invalid',
      '/v1/results',
      'terminal-revoked',
      'terminal-revoked',
    ],
  ] as const)('%s', (_law, before, path, refusedWith, after) => {
    expect(standingRefusal(before, { path, refusedWith })).toBe(after);
  });
});
