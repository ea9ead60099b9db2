import type { CheckName } from '../closure';
import { accessRules } from './access-rules';
import * as addresses from './addresses';
import * as alertmanager from './alertmanager';
import * as containers from './containers';
import * as conventions from './conventions';
import type { Controls } from './copy';
import * as network from './network';
import * as paths from './paths';
import * as podPolicies from './pod-policies';
import * as references from './references';
import * as scrapeJobs from './scrape-jobs';
import * as services from './services';

/** What every check must find. A check without controls does not compile. */
export const controls: { readonly [check in CheckName]: Controls } = {
  ...services,
  ...references,
  ...containers,
  ...conventions,
  ...podPolicies,
  accessRules,
  ...network,
  ...addresses,
  ...scrapeJobs,
  ...paths,
  ...alertmanager,
};
