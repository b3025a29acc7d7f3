import { describe, expect, it } from '@jest/globals';
import { Metrics } from '../../src/platform/metrics.js';

const sampleOf = (text: string, name: string): string | undefined => text.split('\n').find(line => line.startsWith(`${name} `));

describe('Metrics', () => {
  it('names each level of a decision from the start', async () => {
    const metrics = new Metrics();
    metrics.decisions.inc({ level: 'NO_MODEL' });
    const text = await metrics.text();
    expect(sampleOf(text, 'personalization_decisions_total{level="NO_MODEL"}')).toMatch(/ 1$/);
    expect(sampleOf(text, 'personalization_decisions_total{level="FULL"}')).toMatch(/ 0$/);
  });

  it('derives the conversion rate from what was seen', async () => {
    const metrics = new Metrics();
    expect(sampleOf(await metrics.text(), 'personalization_conversion_rate')).toMatch(/ 0$/);
    metrics.countImpressions(8);
    metrics.countConversions(2, 59.5);
    const text = await metrics.text();
    expect(sampleOf(text, 'personalization_conversion_rate')).toMatch(/ 0\.25$/);
    expect(sampleOf(text, 'personalization_conversion_value')).toMatch(/ 59\.5$/);
  });

  it('reads a watched value at each scrape', async () => {
    const metrics = new Metrics();
    let waiting = 3;
    metrics.watch('attune_waiting', 'What waits', () => waiting);
    expect(sampleOf(await metrics.text(), 'attune_waiting')).toMatch(/ 3$/);
    waiting = 5;
    expect(sampleOf(await metrics.text(), 'attune_waiting')).toMatch(/ 5$/);
  });
});
