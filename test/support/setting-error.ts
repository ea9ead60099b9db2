import { SettingError } from '../../constructs';

/** The SettingError that a function throws. */
export function settingError(work: () => unknown): SettingError {
  try {
    work();
  } catch (error) {
    if (error instanceof SettingError) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was thrown, expected a SettingError');
}
