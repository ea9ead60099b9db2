import { SkipError } from '../actions';
import { renderQuery } from '../promql';
import type { Gate } from './gate';

/** Nothing is touched while a blocking condition of the policy holds, or while nobody can tell whether it does. */
export const healthGate: Gate = async ({ policy, target }, { tools }) => {
  for (const { name, query } of policy.skipWhile) {
    const rendered = renderQuery(query, { namespace: target.namespace ?? '', name: target.name });
    const holds = await tools.prometheus.queryAny(rendered).catch((error: Error) => {
      throw new SkipError('health-unknown', `whether ${name} holds cannot be known: ${error.message}`);
    });
    if (holds.length > 0) {
      throw new SkipError('unhealthy', `${name} holds`);
    }
  }
};
