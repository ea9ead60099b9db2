import { k8s } from 'cdk8s-plus-28';
import { render } from '../../testing/render';
import { untracedProps } from '../support/props';

/** A ConfigMap with some data. */
const rendered = (data: { readonly [key: string]: string }) =>
  render((chart) => {
    new k8s.KubeConfigMap(chart, 'config', { data });
  });

describe('the check that each prop shows in the output', () => {
  const minimal = rendered({ colour: 'grey' });

  test('finds nothing when it does', () => {
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
});
