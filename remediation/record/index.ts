export * from './digests';
export * from './remediation';
export * from './store';
