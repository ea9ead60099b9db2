import type { Reference } from '../../remediation/kubernetes';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/**
 * The error that a request is answered with; `undefined` to let it through. It may change objects first.
 *
 * @param resource with its subresource: `remediations/status`
 * @param name empty for a collection
 */
export type Fault = (verb: Verb, resource: string, name: string) => Answer | Promise<Answer>;
type Answer = Error | undefined;

/** What goes wrong with requests. */
export class Faults {
  private readonly faults = new Set<Fault>();

  /** Returns a function that takes the fault away. */
  add(fault: Fault): () => void {
    this.faults.add(fault);
    return () => this.faults.delete(fault);
  }

  /** @throws the error of the first fault that a request meets */
  async meet(verb: Verb, reference: Reference): Promise<void> {
    for (const fault of this.faults) {
      const error = await fault(verb, pathOf(reference), reference.name);
      if (error) {
        throw error;
      }
    }
  }
}

/** A resource with its subresource. */
export function pathOf({ resource, subresource }: Reference): string {
  return subresource ? `${resource.plural}/${subresource}` : resource.plural;
}
