import { SkipError } from '../actions';
import type { Gate } from './gate';

/** Nothing runs while the kill switch is engaged. */
export const killSwitchGate: Gate<unknown> = async (_input, { killSwitch }) => {
  const reason = await killSwitch.reason();
  if (reason) {
    throw new SkipError('kill-switch', reason);
  }
};
