import type { Construct } from 'constructs';
import { AlertRouting, type Credentials, type Endpoint } from '../constructs';
import { inSettings } from '../constructs/kit/setting-path';
import type { RuleCatalogue } from '../rules';
import { admitIngress } from './ingress';
import { MonitoringChart } from './monitoring-chart';
import type { MonitoringSettings } from './settings';

/** Props of `AlertingChart`. */
export interface AlertingProps {
  /** The settings, with defaults filled in. */
  readonly settings: MonitoringSettings;
  /** The Secret with the credentials of the channels. */
  readonly credentials: Credentials;
  /** The rules whose alerts are routed. */
  readonly catalogue: RuleCatalogue;
  /** Where Alertmanager sends its own traces, by OTLP over HTTP. @default - nowhere */
  readonly tracing?: Endpoint;
}

/** Alertmanager: routes, receivers and inhibitions. */
export class AlertingChart extends MonitoringChart {
  /** Alertmanager with its routes. */
  readonly routing: AlertRouting;

  constructor(scope: Construct, id: string, { settings, credentials, catalogue, tracing }: AlertingProps) {
    super(scope, id, settings);
    const props = {
      ...settings.alerting,
      storageClass: settings.storageClass,
      credentials,
      externalUrl: settings.links.alertmanager,
      inhibitions: catalogue.inhibitions,
      tracing,
    };
    this.routing = inSettings('alerting', () => new AlertRouting(this, 'alertmanager', props));
    admitIngress(this.routing.component, settings.network);
  }
}
