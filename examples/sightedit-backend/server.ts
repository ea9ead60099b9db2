// Before Express, pg and ioredis are loaded.
import './telemetry';

import { app, health } from './app';
import { monitoring, pool, redis } from './monitoring';
import { telemetry } from './telemetry';

const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  monitoring.logger.info('listening', { address: server.address() });
});

/** Kubernetes sends SIGTERM, and removes the pod from its Services meanwhile. */
process.once('SIGTERM', () => {
  health.stop();
  server.close(async () => {
    await monitoring.stop();
    await Promise.allSettled([pool.end(), redis.quit()]);
    redis.disconnect();
    await telemetry.shutdown();
  });
  server.closeIdleConnections();
});
