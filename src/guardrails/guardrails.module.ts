import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { FeatureHealths } from '../features/versions/feature-health.js';
import type { FeatureVersions } from '../features/versions/feature-versions.js';
import type { Clock } from '../kernel/clock.js';
import { uuidv7 } from '../kernel/ids.js';
import { alertTopic, type Bus } from '../platform/bus.js';
import type { Metrics } from '../platform/metrics.js';
import { AlertFeedResolver } from './alert-feed.resolver.js';
import { messageOf } from './alerts.js';
import { PostgresAlerts } from './alerts.postgres.js';
import { AlertsResolver } from './alerts.resolver.js';
import { FeatureWatch } from './feature-watch.js';
import { onlyHere } from './watch-lock.postgres.js';

export interface GuardrailsDeps {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'alerts'>;
  readonly features: { readonly health: FeatureHealths; readonly versions: FeatureVersions };
}

export interface GuardrailsModule {
  readonly resolvers: readonly object[];
  readonly watch: FeatureWatch;
}

export function guardrailsModule({ pool, bus, clock, logger, metrics, features }: GuardrailsDeps): GuardrailsModule {
  const alerts = new PostgresAlerts(pool);
  const watch = new FeatureWatch({
    healths: features.health,
    versions: features.versions,
    alerts,
    onlyHere: onlyHere(pool),
    alerted: (tenantId, alert) => {
      const { id, kind, subject, message } = alert;
      metrics.alerts.inc({ kind });
      logger.warn({ tenantId, alert: id, kind, subject }, message);
      bus.publish(alertTopic(tenantId), messageOf(alert)).catch((error: unknown) => { logger.warn({ err: error, tenantId, alert: id }, 'an alert could not be told to other processes'); });
    },
    now: () => clock.now(),
    newId: uuidv7,
    onFailure: error => { logger.warn({ err: error }, 'features could not be looked at; it is tried again'); },
  });
  return { resolvers: [new AlertsResolver(alerts), new AlertFeedResolver({ bus, alerts })], watch };
}
