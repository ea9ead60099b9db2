import { Refusal } from '../actions';
import { renderQuery } from '../promql';
import type { Gate } from './gate';

/** Nothing is touched while a contraindication of the policy holds, or while nobody can tell whether it does. */
export const healthGate: Gate = async ({ policy, target }, { tools }) => {
  for (const { name, query } of policy.refuseWhile) {
    const rendered = renderQuery(query, { namespace: target.namespace ?? '', name: target.name });
    const holds = await tools.prometheus.queryAny(rendered).catch((error: Error) => {
      throw new Refusal('health-unknown', `whether ${name} holds cannot be known: ${error.message}`);
    });
    if (holds.length > 0) {
      throw new Refusal('unhealthy', `${name} holds`);
    }
  }
};
