import { describe, expect, it } from '@jest/globals';
import { durationMs, isDuration } from '../../src/kernel/duration.js';

describe('durationMs', () => {
  it.each([
    ['PT0.25S', 250],
    ['PT90S', 90_000],
    ['PT1H30M', 5_400_000],
    ['P1D', 86_400_000],
    ['P2W', 1_209_600_000],
    ['P1DT12H', 129_600_000],
  ])('reads %s', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', 'P', 'PT', 'P1DT', '30D', 'P1M', 'P1Y', '-P1D', 'P1D ', 'p1d'])('refuses %p', text => {
    expect(isDuration(text)).toBe(false);
    expect(durationMs(text)).toBeNaN();
  });
});
