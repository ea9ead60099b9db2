import { SettingError } from './errors';

/**
 * Names a setting as the caller wrote it. A construct reports its own prop, e.g. `levels.low`; in the settings of the
 * platform that is `alerting.levels.low`, and in the props of a composition e.g. `kubeStateMetrics.pod.replicas`.
 *
 * @param path path of the construct's props in those of the caller, e.g. `alerting`
 * @throws SettingError with the path before the setting's name, when `make` throws one
 */
export function inSettings<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof SettingError ? new SettingError(`${path}.${error.setting}`, error.value, error.fix) : error;
  }
}
