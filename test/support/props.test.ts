import { k8s } from 'cdk8s-plus-28';
import { render } from '../../testing/render';
import { untracedProps } from './props';

/** A ConfigMap with some data. */
const rendered = (data: { readonly [key: string]: string }) =>
  render((chart) => {
    new k8s.KubeConfigMap(chart, 'config', { data });
  });

describe('untracedProps()', () => {
  const minimal = rendered({ colour: 'grey' });

  test('finds nothing when each prop is in the output', () => {
    expect(untracedProps(minimal, rendered({ colour: 'green' }), { colour: 'colour: green' })).toEqual([]);
  });

  test('finds a prop that is ignored', () => {
    expect(untracedProps(minimal, minimal, { colour: 'colour: green' })).toEqual([
      'colour: "colour: green" is not in the output',
    ]);
  });

  test('finds a trace that proves nothing', () => {
    expect(untracedProps(minimal, minimal, { colour: 'colour: grey' })).toEqual([
      'colour: "colour: grey" is there without the prop too',
    ]);
  });

  test.each([
    ['in a longer number', 'replicas: 20'],
    ['at the end of a longer word', 'minreplicas: 2'],
    ['in a longer name', 'replicas: 2-more'],
    ['in a fraction', 'replicas: 2.5'],
  ])('does not find a trace by accident %s', (_where, text) => {
    const [key, value] = text.split(': ') as [string, string];
    expect(untracedProps(minimal, rendered({ [key]: value }), { replicas: 'replicas: 2' })).toEqual([
      'replicas: "replicas: 2" is not in the output',
    ]);
  });

  test.each(['name=a,replicas: 2', 'replicas: 2/3', '"replicas: 2"'])('finds a trace inside of %s', (value) => {
    expect(untracedProps(minimal, rendered({ text: value }), { replicas: 'replicas: 2' })).toEqual([]);
  });
});
