import { describe, expect, it } from '@jest/globals';
import { FeatureJobs, type PageDone } from '../../../src/features/versions/feature-jobs.js';

const page: PageDone = { tenantId: 't', changed: ['ada'] };

describe('FeatureJobs', () => {
  it('does a job that comes just after it has looked for the last time', async () => {
    const pages: PageDone[] = [];
    const done: (readonly string[])[] = [];
    const jobs = new FeatureJobs({
      pages: {
        next: async () => {
          const found = pages.shift();
          await Promise.resolve();
          return found;
        },
      },
      changed: async (_tenantId, ids) => void done.push(ids),
      now: () => 0,
      onFailure: error => { throw error; },
    });
    const first = jobs.work();
    pages.push(page);
    await Promise.all([first, jobs.work()]);
    expect(done).toEqual([['ada']]);
    pages.push(page);
    await jobs.work();
    expect(done).toEqual([['ada'], ['ada']]);
  });

  it('tells of the page that is under way when it is stopped, and begins no other', async () => {
    const pages = [page, page];
    const done: (readonly string[])[] = [];
    const jobs = new FeatureJobs({ pages: { next: async () => pages.shift() }, changed: async (_tenantId, ids) => void done.push(ids), now: () => 0, onFailure: error => { throw error; } });
    void jobs.work();
    await jobs.stop();
    expect([done, pages]).toEqual([[['ada']], [page]]);
  });
});
