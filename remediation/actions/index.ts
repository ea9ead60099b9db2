import type { Action } from './action';
import { type BlockAddress, blockAddressAction } from './block-address';
import { type ClearCache, clearCacheAction } from './clear-cache';
import { type OpenIncident, openIncidentAction } from './open-incident';
import { type ResetConnections, resetConnectionsAction } from './reset-connections';
import { type RestartWorkload, restartWorkloadAction } from './restart-workload';
import { type ScaleUp, scaleUpAction } from './scale-up';

/** Every action and its parameters, by kind. */
export interface Actions {
  'restart-workload': RestartWorkload;
  'scale-up': ScaleUp;
  'reset-connections': ResetConnections;
  'clear-cache': ClearCache;
  'block-address': BlockAddress;
  'open-incident': OpenIncident;
}
export type ActionKind = keyof Actions;
export type ParametersOf<K extends ActionKind> = Actions[K];

export const actions: { readonly [K in ActionKind]: Action<Actions[K]> } = {
  'restart-workload': restartWorkloadAction,
  'scale-up': scaleUpAction,
  'reset-connections': resetConnectionsAction,
  'clear-cache': clearCacheAction,
  'block-address': blockAddressAction,
  'open-incident': openIncidentAction,
};

export * from './action';
export type { AllowedUpdate } from './allowed-update';
export { blockAddress } from './block-address';
export { clearCache } from './clear-cache';
export { openIncident } from './open-incident';
export { resetConnections } from './reset-connections';
export { restartWorkload } from './restart-workload';
export { scaleUp } from './scale-up';
