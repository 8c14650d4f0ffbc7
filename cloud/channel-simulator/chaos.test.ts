import { expect, it } from 'vitest';
import { chaosFaults, createChaos, createProbes } from '#cloud/channel-simulator/chaos.ts';

const planOf = (seed: string, share: number): readonly string[] => {
  const chaos = createChaos({ seed, share });
  return Array.from({ length: 2_000 }, () => chaos());
};

it('the same seed is the same plan, another seed is another', () => {
  expect(planOf('seven', 0.2)).toEqual(planOf('seven', 0.2));
  expect(planOf('seven', 0.2)).not.toEqual(planOf('eight', 0.2));
});

it('so many requests fail as were asked for, in every way there is, and none where none may', () => {
  const failed = planOf('seven', 0.2).filter((fault) => fault !== 'none');
  expect(failed.length).toBeGreaterThan(340);
  expect(failed.length).toBeLessThan(460);
  expect(new Set(failed)).toEqual(new Set(chaosFaults));
  expect(planOf('seven', 0)).not.toContainEqual(expect.not.stringMatching('none'));
  expect(planOf('seven', 1)).not.toContain('none');
});

const probesOf = (seed: string, share: number): readonly boolean[] => {
  const probes = createProbes({ seed, share });
  return Array.from({ length: 2_000 }, () => probes());
};

it('probes of who looks at signatures are drawn by the seed too, beside the faults', () => {
  expect(probesOf('seven', 0.2)).toEqual(probesOf('seven', 0.2));
  expect(probesOf('seven', 0.2)).not.toEqual(probesOf('eight', 0.2));
  const probed = probesOf('seven', 0.2).filter(Boolean).length;
  expect(probed).toBeGreaterThan(340);
  expect(probed).toBeLessThan(460);
  expect(probesOf('seven', 0)).not.toContain(true);
});
