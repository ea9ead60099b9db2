import { SettingError } from '../constructs';

/**
 * Names a setting as it was written. A construct reports its prop, e.g. `levels.low`; in the settings of the platform
 * that is `alerting.levels.low`.
 *
 * @param path path of the construct's props in the settings, e.g. `alerting`
 * @throws SettingError with the path before the setting's name, when `make` throws one
 */
export function inSettings<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof SettingError ? new SettingError(`${path}.${error.setting}`, error.value, error.fix) : error;
  }
}
