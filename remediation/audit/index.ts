export * from './audit';
export * from './escalation';
export * from './events';
export * from './log';
export * from './metrics';
export * from './own-alerts';
export * from './tracing';
