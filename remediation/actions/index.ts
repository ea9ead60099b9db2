import type { RemediationPolicy } from '../policy';
import { SettingError } from '../setting-error';
import type { Action } from './action';
import { blockAddressAction } from './block-address';
import { clearCacheAction } from './clear-cache';
import { openIncidentAction } from './open-incident';
import { resetConnectionsAction } from './reset-connections';
import { restartWorkloadAction } from './restart-workload';
import { scaleUpAction } from './scale-up';

/**
 * Every action.
 *
 * @internal
 */
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
 * @internal
 */
export function actionOf({ name, action: kind }: Pick<RemediationPolicy, 'name' | 'action'>): Action {
  const action = ACTIONS.find((each) => each.kind === kind);
  if (!action) {
    const kinds = ACTIONS.map((each) => each.kind).join(', ');
    throw new SettingError(`the action of policy ${name}`, kind, `write one of ${kinds}`);
  }
  return action;
}

/** @internal */
export * from './action';
/** @internal */
export type { AllowedUpdate } from './allowed-update';
export type { Workloads } from './allowed-workloads';
export { type BlockAddress, type BlockAddressParameters, type BlockAddressProps, blockAddress } from './block-address';
export { type ClearCache, type ClearCacheParameters, type ClearCacheProps, clearCache } from './clear-cache';
export type {
  AwsWafIpSets,
  CiliumCidrGroup,
  CiliumCidrGroupProps,
  DenylistProps,
  DenylistSettings,
  IpSet,
  RedisDenylist,
  RedisDenylistProps,
} from './denylists';
export {
  type LogLink,
  type OpenIncident,
  type OpenIncidentParameters,
  type OpenIncidentProps,
  openIncident,
} from './open-incident';
export {
  type PgBouncer,
  type ResetConnections,
  type ResetConnectionsParameters,
  type ResetConnectionsProps,
  resetConnections,
} from './reset-connections';
export {
  type RestartWorkload,
  type RestartWorkloadParameters,
  type RestartWorkloadProps,
  restartWorkload,
} from './restart-workload';
export { type ScaleUp, type ScaleUpParameters, type ScaleUpProps, scaleUp } from './scale-up';
