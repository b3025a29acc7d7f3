import type { FastifyInstance } from 'fastify';
import type { Health } from './health.js';
import type { Metrics } from './metrics.js';

/**
 * What orchestrators and Prometheus ask. Live: the process answers. Ready: it can answer well enough to be sent requests, which a part that is
 * down alone does not change: decisions degrade. None of them makes a decision, or needs a key.
 */
export function healthRoutes(health: Health, metrics: Metrics, isReady: () => boolean): (fastify: FastifyInstance) => void {
  return fastify => {
    fastify.get('/api/v1/health', async () => ({ ...(await health.report()), ready: isReady() }));
    fastify.get('/api/v1/health/live', async () => ({ live: true }));
    fastify.get('/api/v1/health/ready', async (_request, reply) => reply.code(isReady() ? 200 : 503).send({ ready: isReady() }));
    fastify.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  };
}
