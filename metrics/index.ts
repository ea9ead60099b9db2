export * from './application-jobs';
/** @internal */
export * from './expression';
export * from './keep';
export * from './known';
export * from './list';
export * from './lists';
export * from './provenance';
export * from './scrape-job';
