import type { Construct } from 'constructs';
import type { Manifest } from '../../testing/manifests';
import { leavesOf, render } from '../../testing/render';

/** What each prop leaves in the manifests, as `key: value`. A prop that is new to the construct fails to compile. */
export type Traces<Props> = { readonly [prop in keyof Required<Props>]: string };

/** A construct with the fewest props and with all of them, each with a value of its own. */
export interface PropsExample<Props> {
  readonly make: (scope: Construct, props: Props) => unknown;
  readonly minimal: () => Props;
  readonly full: () => Required<Props>;
  readonly traces: Traces<Props>;
}

/** Props whose trace is missing from the full manifests, or is in the minimal ones too and so proves nothing. */
export function untracedProps(minimal: readonly Manifest[], full: readonly Manifest[], traces: object): string[] {
  const [without, withAll] = [leavesOf(minimal), leavesOf(full)];
  return Object.entries(traces).flatMap(([prop, trace]) => {
    if (!withAll.includes(trace)) {
      return [`${prop}: "${trace}" is not in the output`];
    }
    return without.includes(trace) ? [`${prop}: "${trace}" is there without the prop too`] : [];
  });
}

/** Tests that every construct has: two snapshots, and that no prop is ignored. */
export function testProps<Props>({ make, minimal, full, traces }: PropsExample<Props>): void {
  const manifests = (props: () => Props) => render((chart) => make(chart, props()));

  test('with the fewest props matches its snapshot', () => {
    expect(manifests(minimal)).toMatchSnapshot();
  });

  test('with all props matches its snapshot', () => {
    expect(manifests(full)).toMatchSnapshot();
  });

  test('shows each prop in the output', () => {
    expect(untracedProps(manifests(minimal), manifests(full), traces)).toEqual([]);
  });
}
