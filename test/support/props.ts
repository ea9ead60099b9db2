import type { Construct } from 'constructs';
import type { Manifest } from '../../testing/manifests';
import { leavesOf, ownObjects, render } from '../../testing/render';

/** Text that each prop leaves in the manifests, as `key: value`. A prop that is missing here fails to compile. */
export type Traces<Props> = { readonly [prop in keyof Required<Props>]: string };

/** A prop that excludes others or removes objects, so that it cannot stand among all of them. */
export type ApartProp<Props> = { readonly props: () => Props } & (
  | { readonly trace: string }
  /** Text that only the manifests without the prop have. */
  | { readonly removes: string }
);

/**
 * A construct with the fewest props and with all of them, each with a value of its own.
 * @typeParam Apart props that exclude others
 */
export type PropsExample<Props, Apart extends keyof Props = never> = CommonExample<Props, Apart> &
  ([Apart] extends [never] ? unknown : { readonly apart: { readonly [prop in Apart]: ApartProp<Props> } });

interface CommonExample<Props, Apart extends keyof Props> {
  readonly make: (scope: Construct, props: Props) => unknown;
  readonly minimal: () => Props;
  readonly full: () => Required<Omit<Props, Apart>> & Props;
  readonly traces: Traces<Omit<Props, Apart>>;
  /**
   * Makes the constructs that this one is composed of, without it. Their own tests have their snapshots: those of the
   * composition hold only the objects that it adds or changes.
   * @default - no parts: the snapshots hold every object
   */
  readonly parts?: (scope: Construct, props: Props) => unknown;
}

/** Whether a text has a trace that is not a part of longer words: `replicas: 2` is not in `replicas: 20`. */
function hasTrace(text: string, trace: string): boolean {
  const escaped = trace.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const before = /^\w/.test(trace) ? '(?<![\\w.-])' : '';
  const after = /\w$/.test(trace) ? '(?![\\w.-])' : '';
  return new RegExp(`${before}${escaped}${after}`).test(text);
}

/** Props whose trace is missing from the full manifests, or is in the minimal ones too and so proves nothing. */
export function untracedProps(minimal: readonly Manifest[], full: readonly Manifest[], traces: object): string[] {
  const [without, withAll] = [leavesOf(minimal), leavesOf(full)];
  return Object.entries(traces).flatMap(([prop, trace]) => {
    if (!hasTrace(withAll, trace)) {
      return [`${prop}: "${trace}" is not in the output`];
    }
    return hasTrace(without, trace) ? [`${prop}: "${trace}" is there without the prop too`] : [];
  });
}

/** Tests of every construct: two snapshots, and that each prop has an effect. */
export function testProps<Props, Apart extends keyof Props = never>(example: PropsExample<Props, Apart>): void {
  const { make, minimal, full, traces, parts } = example;
  const apart: readonly [string, ApartProp<Props>][] =
    'apart' in example ? Object.entries(example.apart as object) : [];
  const manifests = (props: () => Props) => render((chart) => make(chart, props()));
  const snapshot = (props: () => Props) =>
    parts
      ? ownObjects(
          manifests(props),
          render((chart) => parts(chart, props())),
        )
      : manifests(props);

  test('with the fewest props matches its snapshot', () => {
    expect(snapshot(minimal)).toMatchSnapshot();
  });

  test('with all props matches its snapshot', () => {
    expect(snapshot(full)).toMatchSnapshot();
  });

  test('shows each prop in the output', () => {
    expect(untracedProps(manifests(minimal), manifests(full), traces)).toEqual([]);
    for (const [prop, { props, ...effect }] of apart) {
      const [without, withProp] = [manifests(minimal), manifests(props)];
      const untraced =
        'trace' in effect
          ? untracedProps(without, withProp, { [prop]: effect.trace })
          : untracedProps(withProp, without, { [prop]: effect.removes });
      expect(untraced).toEqual([]);
    }
  });
}
