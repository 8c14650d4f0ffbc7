import { expect, it } from 'vitest';
import {
  createChannelHealth,
  failuresMax,
  pauseMs,
  refusedPauseMs,
} from '#cloud/payments/channel-health.ts';

const here = { channel: 'wechat', merchantId: 'mch_1' };
const elsewhere = { channel: 'wechat', merchantId: 'mch_2' };

it('five silences in a row close a channel for a pause; one answer opens it', () => {
  const health = createChannelHealth();
  for (let n = 1; n < failuresMax; n += 1) health.saw('wechat', false, 0);
  expect(health.isHealthy(here, 0)).toBe(true);
  health.saw('wechat', false, 0);
  expect(health.isHealthy(here, pauseMs - 1)).toBe(false);
  expect(health.isHealthy(here, pauseMs)).toBe(true);
  health.saw('wechat', false, pauseMs);
  expect(health.isHealthy(here, pauseMs)).toBe(false);
  health.saw('wechat', true, pauseMs);
  expect(health.isHealthy(here, pauseMs)).toBe(true);
});

it('a refused merchant is closed alone', () => {
  const health = createChannelHealth();
  health.refused(here, 0);
  expect(health.isHealthy(here, refusedPauseMs - 1)).toBe(false);
  expect(health.isHealthy(elsewhere, 0)).toBe(true);
  expect(health.isHealthy(here, refusedPauseMs)).toBe(true);
});
