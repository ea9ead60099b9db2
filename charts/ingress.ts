import type { Component } from '../constructs';
import type { NetworkSettings } from './settings';

/**
 * Admits the ingress controllers and balancers of the settings to a web interface.
 *
 * @param portName port of the interface @default - the component's first port
 */
export function admitIngress(component: Component, { ingress }: NetworkSettings, portName?: string): void {
  for (const client of ingress) {
    component.admitFrom(client, portName);
  }
}
