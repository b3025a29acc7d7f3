import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../src/kernel/random.js';
import { estimateOffPolicy, type LoggedChoice, type OffPolicyEstimates } from '../../../src/learning/off-policy/estimators.js';
import { describeWithSharedData } from '../../support/shared-data.js';

function supported(estimates: OffPolicyEstimates): Extract<OffPolicyEstimates, { supported: true }> {
  if (!estimates.supported) throw new Error(`Not supported: ${estimates.reason}`);
  return estimates;
}

const reasonOf = (estimates: OffPolicyEstimates): string | undefined => (estimates.supported ? undefined : estimates.reason);

const row = (reward: number, loggingPropensity: number, targetProbability: number): LoggedChoice => ({ reward, loggingPropensity, targetProbability });

/** A log of `rows` choices between three arms of known click probabilities. */
function simulate(rows: number, seed: number): readonly LoggedChoice[] {
  const random = seededRandom(seed);
  const [logging, target, clicks] = [[0.6, 0.3, 0.1], [0.1, 0.2, 0.7], [0.2, 0.5, 0.4]] as const;
  return Array.from({ length: rows }, () => {
    const u = random();
    const arm = u < 0.6 ? 0 : u < 0.9 ? 1 : 2;
    return row(random() < clicks[arm] ? 1 : 0, logging[arm], target[arm]);
  });
}
const truth = 0.1 * 0.2 + 0.2 * 0.5 + 0.7 * 0.4;

describe('estimateOffPolicy', () => {
  it('agrees with a log of four rows worked out by hand', () => {
    // Weights 2, 1/2, 1, 1; weighted rewards 2, 0, 1, 0.
    const { ips, snips, effectiveSampleSize, maxWeight, rows } = supported(estimateOffPolicy([row(1, 0.25, 0.5), row(0, 0.5, 0.25), row(1, 0.5, 0.5), row(0, 0.5, 0.5)]));
    expect([rows, maxWeight]).toEqual([4, 2]);
    expect(ips.value).toBeCloseTo(3 / 4, 14);
    expect(ips.standardError).toBeCloseTo(Math.sqrt(11 / 12 / 4), 14);
    expect(snips.value).toBeCloseTo(2 / 3, 14);
    expect(snips.standardError).toBeCloseTo(Math.sqrt(4 / 9 + 1 / 9 + 1 / 9 + 4 / 9) / 4.5, 14);
    expect(effectiveSampleSize).toBeCloseTo(4.5 ** 2 / 6.25, 14);
    expect(ips.high - ips.low).toBeCloseTo(2 * 1.959963984540054 * ips.standardError, 12);
  });

  it("is the log's own mean where the policy is the log's", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ reward: fc.double({ min: -5, max: 5, noNaN: true }), p: fc.double({ min: 0.01, max: 1, noNaN: true }) }), { minLength: 2 }), rows => {
        const { ips, snips, effectiveSampleSize } = supported(estimateOffPolicy(rows.map(({ reward, p }) => row(reward, p, p))));
        const mean = rows.reduce((sum, it) => sum + it.reward, 0) / rows.length;
        expect(Math.abs(ips.value - mean)).toBeLessThan(1e-12);
        expect(Math.abs(snips.value - mean)).toBeLessThan(1e-12);
        expect(effectiveSampleSize).toBeCloseTo(rows.length, 9);
      }),
    );
  });

  it('moves with the rewards: SNIPS by what is added to all, both by what all are multiplied with', () => {
    const log = simulate(500, 3);
    const before = supported(estimateOffPolicy(log));
    const after = supported(estimateOffPolicy(log.map(it => ({ ...it, reward: 3 * it.reward + 2 }))));
    expect(after.snips.value).toBeCloseTo(3 * before.snips.value + 2, 10);
    expect(after.snips.standardError).toBeCloseTo(3 * before.snips.standardError, 10);
    const scaled = supported(estimateOffPolicy(log.map(it => ({ ...it, reward: 3 * it.reward }))));
    expect(scaled.ips.value).toBeCloseTo(3 * before.ips.value, 10);
  });

  it("finds the policy's true value, with the standard errors that it states, in 1000 simulated logs", () => {
    const logs = 1000;
    for (const kind of ['ips', 'snips'] as const) {
      let sum = 0;
      let squares = 0;
      let stated = 0;
      let covered = 0;
      for (let seed = 0; seed < logs; seed++) {
        const { value, standardError, low, high } = supported(estimateOffPolicy(simulate(400, 7919 * seed + 1)))[kind];
        sum += value;
        squares += (value - truth) ** 2;
        stated += standardError ** 2;
        if (low <= truth && truth <= high) covered++;
      }
      expect(Math.abs(sum / logs - truth)).toBeLessThan(4 * Math.sqrt(squares / logs / logs));
      // The variance of a variance of 1000 nearly normal values is 2 / 1000 of its square.
      expect(Math.abs(stated / squares - 1)).toBeLessThan(4 * Math.sqrt(2 / logs));
      expect(Math.abs(covered / logs - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / logs));
    }
  });

  it('refuses a log of fewer than two rows', () => {
    expect(reasonOf(estimateOffPolicy([]))).toBe('TOO_FEW_ROWS');
    expect(reasonOf(estimateOffPolicy([row(1, 0.5, 0.5)]))).toBe('TOO_FEW_ROWS');
  });

  it("refuses a policy that would choose what the log's never could", () => {
    expect(reasonOf(estimateOffPolicy([row(1, 0.5, 0.5), { ...row(0, 1, 0.5), beyondLog: 0.5 }]))).toBe('BEYOND_THE_LOG');
    expect(reasonOf(estimateOffPolicy([row(1, 0.5, 0.5), row(1, 0, 0.5)]))).toBe('BEYOND_THE_LOG');
    expect(reasonOf(estimateOffPolicy([row(1, 0.5, 0.5), { ...row(0, 1, 1), beyondLog: 0 }]))).toBeUndefined();
  });

  it("refuses a policy that never chooses as the log's did", () => {
    const estimates = estimateOffPolicy([row(1, 0.5, 0), row(0, 0.5, 0)]);
    expect(reasonOf(estimates)).toBe('NO_MATCH');
    expect(estimates.effectiveSampleSize).toBe(0);
  });

  it('refuses where the weights do not average 1: rows are missing, or the propensities are not true', () => {
    const log = simulate(2000, 5);
    expect(reasonOf(estimateOffPolicy(log))).toBeUndefined();
    const gone = log.map(it => (it.loggingPropensity === 0.1 ? { ...it, targetProbability: 0 } : it));
    expect(reasonOf(estimateOffPolicy(gone))).toBe('WEIGHTS_OFF');
    expect(reasonOf(estimateOffPolicy(log.map(it => ({ ...it, loggingPropensity: it.loggingPropensity / 2 }))))).toBe('WEIGHTS_OFF');
  });

  it('bears propensities that were logged with five digits', () => {
    expect(reasonOf(estimateOffPolicy(Array.from({ length: 100 }, (_, i) => row(i % 2, 0.02941, 1 / 34))))).toBeUndefined();
  });
});

describeWithSharedData('the Open Bandit logs', 'data/open-bandit', folder => {
  interface Impression {
    readonly click: number;
    readonly propensity: number;
  }

  function read(policy: string): readonly Impression[] {
    const [header = '', ...lines] = gunzipSync(readFileSync(`${folder}/${policy}-men.csv.gz`)).toString().trim().split('\n');
    const names = header.split(',');
    return lines.map(line => {
      const cells = line.split(',');
      return { click: Number(cells[names.indexOf('click')]), propensity: Number(cells[names.indexOf('propensity_score')]) };
    });
  }

  const uniform = (log: readonly Impression[]): readonly LoggedChoice[] => log.map(({ click, propensity }) => row(click, propensity, 1 / 34));

  it('give for the uniform policy, from that of Thompson sampling, the published figures', () => {
    const { rows, ips, snips, effectiveSampleSize } = supported(estimateOffPolicy(uniform(read('bts'))));
    expect(rows).toBe(10_000);
    expect(ips.value.toFixed(10)).toBe('0.0030086263');
    expect(snips.value.toFixed(10)).toBe('0.0031894232');
    expect(effectiveSampleSize.toFixed(1)).toBe('655.7');
  });

  it('give the same, to 1e-12, as sums written down plainly', () => {
    const log = read('bts');
    const { ips, snips, effectiveSampleSize, maxWeight } = supported(estimateOffPolicy(uniform(log)));
    let [clicked, all, squared, deviations, most] = [0, 0, 0, 0, 0];
    for (const { click, propensity } of log) {
      const w = 1 / (34 * propensity);
      clicked += click * w;
      all += w;
      squared += w ** 2;
      most = Math.max(most, w);
    }
    let residuals = 0;
    for (const { click, propensity } of log) {
      deviations += (click / (34 * propensity) - clicked / 10_000) ** 2;
      residuals += ((click - clicked / all) / (34 * propensity)) ** 2;
    }
    expect(Math.abs(ips.value - clicked / 10_000)).toBeLessThan(1e-12);
    expect(Math.abs(ips.standardError - Math.sqrt(deviations / 9999 / 10_000))).toBeLessThan(1e-12);
    expect(Math.abs(snips.value - clicked / all)).toBeLessThan(1e-12);
    expect(Math.abs(snips.standardError - Math.sqrt(residuals) / all)).toBeLessThan(1e-12);
    expect(Math.abs(effectiveSampleSize - all ** 2 / squared)).toBeLessThan(1e-8);
    expect(maxWeight).toBeCloseTo(most, 10);
  });

  it('give for the uniform policy, from its own log, the rate of its clicks', () => {
    const { ips } = supported(estimateOffPolicy(uniform(read('random'))));
    expect(ips.value).toBeCloseTo(46 / 10_000, 6);
  });
});
