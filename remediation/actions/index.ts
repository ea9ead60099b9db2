import type { RemediationPolicy } from '../policy';
import { SettingError } from '../setting-error';
import type { Action } from './action';
import { blockAddressAction } from './block-address';
import { clearCacheAction } from './clear-cache';
import { openIncidentAction } from './open-incident';
import { resetConnectionsAction } from './reset-connections';
import { restartWorkloadAction } from './restart-workload';
import { scaleUpAction } from './scale-up';

/** Every action. */
export const ACTIONS: readonly Action[] = [
  restartWorkloadAction,
  scaleUpAction,
  resetConnectionsAction,
  clearCacheAction,
  blockAddressAction,
  openIncidentAction,
];

/**
 * The action of a policy.
 *
 * @throws SettingError when there is none of that kind
 */
export function actionOf({ name, action: kind }: Pick<RemediationPolicy, 'name' | 'action'>): Action {
  const action = ACTIONS.find((each) => each.kind === kind);
  if (!action) {
    const kinds = ACTIONS.map((each) => each.kind).join(', ');
    throw new SettingError(`the action of policy ${name}`, kind, `write one of ${kinds}`);
  }
  return action;
}

export * from './action';
export type { AllowedUpdate } from './allowed-update';
export { blockAddress } from './block-address';
export { clearCache } from './clear-cache';
export { openIncident } from './open-incident';
export { resetConnections } from './reset-connections';
export { restartWorkload } from './restart-workload';
export { scaleUp } from './scale-up';
