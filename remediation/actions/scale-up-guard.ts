import { KEYS } from '../record';
import { type AllowedUpdate, METADATA, otherAnnotationsUnchanged, unchanged } from './allowed-update';

/** Names and bounds of what scaling may change. */
export interface ScaleBounds {
  readonly namespace: string;
  readonly deployments: readonly string[];
  readonly autoscalers: readonly string[];
  readonly maxReplicas: number;
}

/** The updates that the API server lets through: more replicas up to `maxReplicas`, and the way back. */
export function scaleUpdates({
  namespace,
  deployments,
  autoscalers,
  maxReplicas,
}: ScaleBounds): readonly AllowedUpdate[] {
  return [
    {
      apiGroup: 'apps',
      version: 'v1',
      resource: 'deployments/scale',
      namespace,
      names: deployments,
      expressions: [
        // A Deployment that its owner has scaled to 0 stays at 0.
        'oldObject.spec.?replicas.orValue(0) > 0',
        'object.spec.?replicas.orValue(0) >= oldObject.spec.?replicas.orValue(0)',
        `object.spec.?replicas.orValue(0) <= ${maxReplicas}`,
      ],
    },
    {
      apiGroup: 'autoscaling',
      version: 'v2',
      resource: 'horizontalpodautoscalers',
      namespace,
      names: autoscalers,
      expressions: [
        ...unchanged('metadata', METADATA),
        ...otherAnnotationsUnchanged('metadata', KEYS.raisedMinReplicas),
        ...unchanged('spec', ['maxReplicas', 'scaleTargetRef', 'metrics', 'behavior']),
        `${MIN_REPLICAS.after} <= ${maxReplicas}`,
        RAISE_OR_RESTORE,
      ],
    },
  ].filter(({ names }) => names.length > 0);
}

/** CEL: minReplicas before and after the update. */
const MIN_REPLICAS = versions((object) => `${object}.spec.?minReplicas.orValue(1)`);

/** CEL: the note of a raise, `6 from 4`, before and after the update. */
const NOTE = versions((object) => `${object}.metadata.?annotations[?"${KEYS.raisedMinReplicas}"].orValue("")`);

/** CEL: how the note begins while minReplicas is a raised one. */
const RAISED = `string(${MIN_REPLICAS.before}) + " from "`;

/** CEL: raising minReplicas must record the owner's value; lowering is allowed only back to that value. */
const RAISE_OR_RESTORE = [
  `${MIN_REPLICAS.after} > ${MIN_REPLICAS.before}`,
  `? ${NOTE.after} == string(${MIN_REPLICAS.after}) + " from " + (${NOTE.before}.startsWith(${RAISED}) ? ${NOTE.before}.substring(size(${RAISED})) : string(${MIN_REPLICAS.before}))`,
  `: ${MIN_REPLICAS.after} < ${MIN_REPLICAS.before}`,
  `? ${NOTE.before} == ${RAISED} + string(${MIN_REPLICAS.after}) && ${NOTE.after} == ""`,
  `: ${NOTE.after} == ${NOTE.before}`,
].join(' ');

function versions(of: (object: string) => string): { readonly before: string; readonly after: string } {
  return { before: of('oldObject'), after: of('object') };
}
