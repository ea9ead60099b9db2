import { crosses, type SharedState } from './shared-state';
import type { SecurityEventType, SecuritySeverity } from './types';

/** Seconds within which failed logins belong together. */
export const LOGIN_WINDOW = 15 * 60;

/** What a failed login shows, together with those before it. */
export interface FailureFinding {
  readonly type: SecurityEventType;
  readonly severity: SecuritySeverity;
  /** The pattern and its numbers, for the log. */
  readonly found: Readonly<Record<string, string | number>>;
}

/** Counts a failed login. Each pattern is found once in a window, when it reaches its limit. */
export async function failureFindings(
  state: SharedState,
  limits: { readonly failedLogins: number; readonly failedAccounts: number },
  { userId, sourceIP }: { readonly userId: string; readonly sourceIP: string },
): Promise<readonly FailureFinding[]> {
  const { failedLogins, failedAccounts } = limits;
  const attempts = await state.count(`login-failures:${sourceIP}:${userId}`, LOGIN_WINDOW);
  const accounts = await state.distinct(`login-accounts:${sourceIP}`, userId, LOGIN_WINDOW);
  const addresses = await state.distinct(`login-addresses:${userId}`, sourceIP, LOGIN_WINDOW);
  const guessing = (isFound: boolean, severity: SecuritySeverity, found: FailureFinding['found']) =>
    isFound ? [{ type: 'brute_force', severity, found } as const] : [];
  const one = { pattern: 'one_account', attempts: attempts.after };
  return [
    { type: 'auth_failure', severity: attempts.after >= 3 ? 'medium' : 'low', found: { attempts: attempts.after } },
    ...guessing(crosses(attempts, failedLogins), 'high', one),
    ...guessing(crosses(attempts, 2 * failedLogins), 'critical', one),
    ...guessing(crosses(accounts, failedAccounts), 'high', { pattern: 'many_accounts', accounts: accounts.after }),
    ...guessing(crosses(addresses, failedAccounts), 'high', { pattern: 'many_addresses', addresses: addresses.after }),
  ];
}
