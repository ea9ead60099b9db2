import { SkipError } from '../actions';
import { renderQuery } from '../promql';
import type { Gate } from './gate';

/** Nothing runs while a blocking condition of the policy holds, or while Prometheus cannot say whether it holds. */
export const healthGate: Gate = async ({ policy, target }, { clients }) => {
  for (const { name, query } of policy.skipWhile) {
    const rendered = renderQuery(query, { namespace: target.namespace ?? '', name: target.name });
    const holds = await clients.prometheus.queryAny(rendered).catch((error: Error) => {
      throw new SkipError('health-unknown', `cannot tell whether ${name} holds: ${error.message}`);
    });
    if (holds.length > 0) {
      throw new SkipError('unhealthy', `${name} holds`);
    }
  }
};
