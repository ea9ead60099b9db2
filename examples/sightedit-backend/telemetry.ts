import { startTelemetry } from 'sightedit-monitoring/instrumentation';

/** Imported before all other files, so that Express, pg and ioredis are traced. */
export const telemetry = startTelemetry({ serviceName: 'sightedit-backend' });
