import { accessRules } from './checks/access-rules';
import * as addresses from './checks/addresses';
import * as alertmanager from './checks/alertmanager';
import * as containers from './checks/containers';
import * as conventions from './checks/conventions';
import * as network from './checks/network';
import * as paths from './checks/paths';
import * as podPolicies from './checks/pod-policies';
import { podReferences, roleBindings, unusedObjects, volumeMounts } from './checks/references';
import * as scrapeJobs from './checks/scrape-jobs';
import * as services from './checks/services';
import type { Check } from './graph/pods';

/** Every check that needs the manifests only, by its name. */
export const checks = {
  ...services,
  podReferences,
  unusedObjects,
  volumeMounts,
  roleBindings,
  ...containers,
  ...conventions,
  ...podPolicies,
  accessRules,
  ...network,
  ...addresses,
  ...scrapeJobs,
  ...paths,
  ...alertmanager,
} satisfies Record<string, Check>;

export type CheckName = keyof typeof checks;
