import { type KubernetesApi, KubernetesError, type ObjectMeta } from './api';
import { RESOURCES } from './resources';

interface Lease {
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    /** `MicroTime`: RFC 3339 with microseconds. */
    readonly acquireTime?: string;
    readonly renewTime?: string;
  };
}

/** Who holds a lease, and since when. */
export interface Holding {
  readonly holder: string;
  readonly acquired: Date;
  readonly expires: Date;
}

/**
 * Leases of the Kubernetes API, used as locks between replicas. They survive the replica that holds them. Every write
 * carries the resourceVersion that was read, so when two replicas try at once the API server lets one of them win.
 *
 * An expired Lease is deleted and created again. So its creationTimestamp, which the API server sets, is about when it
 * was acquired, and the admission policy can bound its times by that: CEL has no clock.
 */
export class Leases {
  constructor(
    private readonly client: KubernetesApi,
    private readonly namespace: string,
    private readonly now: () => Date,
  ) {}

  /**
   * Acquires a lease that is free or expired, or renews one that `holder` already holds.
   *
   * @returns `undefined` on success, otherwise the current holder
   */
  async acquire(name: string, holder: string, durationSeconds: number): Promise<Holding | undefined> {
    const known = await this.client.find<Lease>(this.reference(name));
    const holding = known && holdingOf(known);
    if (holding && holding.holder !== holder && holding.expires > this.now()) {
      return holding;
    }
    const renews = holding?.holder === holder && holding.expires > this.now();
    const time = microTime(this.now());
    const spec = {
      holderIdentity: holder,
      leaseDurationSeconds: durationSeconds,
      acquireTime: renews ? known?.spec.acquireTime : time,
      renewTime: time,
    };
    try {
      if (known && renews) {
        await this.client.replace(this.reference(name), { ...known, spec });
        return undefined;
      }
      if (known) {
        await this.client.delete(this.reference(name), { resourceVersion: known.metadata.resourceVersion });
      }
      await this.client.create(RESOURCES.leases, this.namespace, { metadata: { name }, spec });
      return undefined;
    } catch (error) {
      // Another replica has acquired or released it meanwhile.
      if (error instanceof KubernetesError && (error.isConflict || error.isNotFound)) {
        return (await this.holding(name)) ?? { holder: 'another replica', acquired: this.now(), expires: this.now() };
      }
      throw error;
    }
  }

  /** Releases a lease, unless another holder has taken it over. */
  async release(name: string, holder: string): Promise<void> {
    const known = await this.client.find<Lease>(this.reference(name));
    if (known?.spec.holderIdentity !== holder) {
      return;
    }
    try {
      await this.client.delete(this.reference(name), { resourceVersion: known.metadata.resourceVersion });
    } catch (error) {
      if (!(error instanceof KubernetesError && (error.isConflict || error.isNotFound))) {
        throw error;
      }
    }
  }

  /** The current holder, or `undefined` when the lease is free or expired. */
  async holding(name: string): Promise<Holding | undefined> {
    const lease = await this.client.find<Lease>(this.reference(name));
    const holding = lease && holdingOf(lease);
    return holding && holding.expires > this.now() ? holding : undefined;
  }

  private reference(name: string) {
    return { resource: RESOURCES.leases, namespace: this.namespace, name };
  }
}

/** A holder without valid times was not written here. Its Lease stays held: a lock must not open by mistake. */
function holdingOf({ spec }: Lease): Holding | undefined {
  if (!spec.holderIdentity) {
    return undefined;
  }
  const renewed = Date.parse(spec.renewTime ?? '');
  const expires = renewed + (spec.leaseDurationSeconds ?? Number.NaN) * 1000;
  return {
    holder: spec.holderIdentity,
    acquired: new Date(spec.acquireTime ?? renewed),
    expires: new Date(Number.isNaN(expires) ? LAST_MS : expires),
  };
}

/** The last moment that JavaScript knows. https://tc39.es/ecma262/#sec-time-values-and-time-range */
const LAST_MS = 8.64e15;

/** `MicroTime` of the Kubernetes API: RFC 3339 with six fractional digits. */
function microTime(date: Date): string {
  return date.toISOString().replace(/(\.\d{3})Z$/, '$1000Z');
}
