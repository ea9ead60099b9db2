import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { instrument } from 'sightedit-monitoring/instrumentation';

const { DATABASE_URL, REDIS_URL = 'redis://127.0.0.1:6379', SENTRY_DSN, IDENTITY_KEY, PROFILE_TOKEN } = process.env;

/** The database. A pool that cannot connect fails queries, and tries again for the next. */
export const pool = new Pool({ connectionString: DATABASE_URL, max: 10, connectionTimeoutMillis: 2_000 });
pool.on('error', (error) => monitoring.logger.warn('an idle connection was lost', { error }));

/** Redis. Without it, commands fail at once instead of waiting for it. */
export const redis = new Redis(REDIS_URL, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
redis.on('error', () => {});

/** Places of a few addresses. A service has a GeoIP database here. */
const PLACES = new Map([
  ['198.51.100.1', { country: 'DE', latitude: 52.5, longitude: 13.4 }],
  ['198.51.100.2', { country: 'AU', latitude: -33.9, longitude: 151.2 }],
]);

export const monitoring = instrument({
  vocabulary: {
    features: ['advanced_editor', 'gallery'],
    conversions: ['signup', 'upgrade'],
    operations: ['load_schema', 'batch'],
    errors: ['SaveFailed', 'DatabaseUnavailable'],
    currencies: ['EUR', 'USD'],
    experiments: { toolbar: ['left', 'right'] },
  },
  redis,
  kpis: { database: pool, intervalMs: Number(process.env.KPI_INTERVAL_MS ?? 3_600_000) },
  locate: (address) => PLACES.get(address),
  identityKey: IDENTITY_KEY,
  profileToken: PROFILE_TOKEN,
  limits: { requestsPerMinute: Number(process.env.REQUESTS_PER_MINUTE ?? 100) },
});
monitoring.measurePool('main', pool);
monitoring.errors.init({ dsn: SENTRY_DSN, release: process.env.RELEASE });

/** Schemas of sights, which change rarely. */
export const cache = monitoring.createCache({ prefix: 'sightedit:cache:' });
