export * from './remediation';
export * from './store';
