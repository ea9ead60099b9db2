/** An object of Kubernetes as a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels };
  readonly spec?: Fields;
}

export type Labels = { readonly [label: string]: string };
export type Fields = { readonly [field: string]: unknown };

/**
 * An object of prometheus-operator, read field by field. A field that nobody reads has no counterpart here, and becomes
 * a problem: it would otherwise be lost in silence.
 */
export class Source {
  private readonly read = new Set<string>();
  /** What cannot be adopted, one line each. */
  readonly problems: string[] = [];

  constructor(
    readonly manifest: Manifest,
    private readonly ignored: readonly string[],
  ) {}

  get namespace(): string {
    return this.manifest.metadata.namespace ?? 'default';
  }

  get name(): string {
    return this.manifest.metadata.name;
  }

  /** `ServiceMonitor orders/api`. */
  get title(): string {
    return `${this.manifest.kind} ${this.namespace}/${this.name}`;
  }

  /** The fields of `spec`. */
  get spec(): Section {
    return new Section(this, 'spec', this.manifest.spec ?? {});
  }

  /** Marks a path as read. */
  mark(path: string): void {
    this.read.add(path);
  }

  problem(path: string, fix: string): void {
    if (!this.ignored.includes(withoutIndexes(path))) {
      this.problems.push(`${this.title}: ${path}: ${fix}`);
    }
  }

  /** Reports the fields of a section that nobody has read. */
  reportUnread(section: Section): void {
    for (const [field, value] of Object.entries(section.fields)) {
      const path = `${section.path}.${field}`;
      if (!this.read.has(path) && isSet(value)) {
        const ignorable = withoutIndexes(path);
        this.problem(path, `has no counterpart here: remove it, or name "${ignorable}" in the prop "ignore"`);
      }
    }
  }
}

/** A part of an object: `spec`, `spec.endpoints[0]`. */
export class Section {
  constructor(
    private readonly source: Source,
    readonly path: string,
    readonly fields: Fields,
  ) {}

  /** A field, or `undefined` if it is not set. Charts render empty texts and objects where nothing is meant. */
  get<T>(field: string): T | undefined {
    this.source.mark(`${this.path}.${field}`);
    const value = this.fields[field];
    return isSet(value) ? (value as T) : undefined;
  }

  /** A field that is an object. */
  section(field: string): Section | undefined {
    const value = this.get<Fields>(field);
    return value && new Section(this.source, `${this.path}.${field}`, value);
  }

  /** A field that is a list of objects. */
  sections(field: string): readonly Section[] {
    return (this.get<readonly Fields[]>(field) ?? []).map(
      (value, index) => new Section(this.source, `${this.path}.${field}[${index}]`, value),
    );
  }

  problem(field: string, fix: string): void {
    this.source.problem(`${this.path}.${field}`, fix);
  }

  /** Reports the fields that nobody has read. */
  finish(): void {
    this.source.reportUnread(this);
  }
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '') {
    return false;
  }
  return typeof value !== 'object' || Object.values(value).some(isSet);
}

/** `spec.endpoints[0].oauth2` as `spec.endpoints.oauth2`. */
function withoutIndexes(path: string): string {
  return path.replace(/\[\d+\]/g, '');
}
