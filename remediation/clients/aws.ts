import { readFileSync } from 'node:fs';
import { AwsV4Signer } from 'aws4fetch';
import { withTimeout } from './timeout';

/** A call of an AWS operation with the JSON protocol, such as those of WAFv2. */
export interface AwsCall {
  /** E.g. `wafv2`. */
  readonly service: string;
  readonly region: string;
  /** Value of the header `X-Amz-Target`: `AWSWAF_20190729.GetIPSet`. */
  readonly target: string;
  readonly body: object;
}

/** Calls AWS with the permissions of the ServiceAccount's role. */
export interface Aws {
  /** @throws AwsError when AWS rejects the call */
  call<R>(call: AwsCall, signal?: AbortSignal): Promise<R>;
}

/** AWS rejected a call. */
export class AwsError extends Error {
  constructor(
    /** E.g. `WAFOptimisticLockException`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'AwsError';
  }
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expires: number;
}

const TIMEOUT_MS = 10_000;
/** Credentials are renewed this long before they expire. */
const RENEWAL_MS = 300_000;

/**
 * Calls AWS as the role of its ServiceAccount: it exchanges the token that EKS mounts for credentials that last an
 * hour, so there is no access key to store.
 * https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
 *
 * The environment names the role and, where AWS is not at its public addresses, the endpoints: `AWS_ROLE_ARN`,
 * `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`, as for the AWS SDKs.
 */
export class AwsClient implements Aws {
  private readonly credentials = new Map<string, Credentials>();

  constructor(private readonly env: NodeJS.ProcessEnv) {}

  async call<R>({ service, region, target, body }: AwsCall, signal?: AbortSignal): Promise<R> {
    const { expires, ...credentials } = await this.credentialsIn(region, signal);
    const signed = await new AwsV4Signer({
      ...credentials,
      method: 'POST',
      url: this.endpoint(service, region),
      service,
      region,
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
      body: JSON.stringify(body),
    }).sign();
    const response = await fetch(signed.url, { ...signed, signal: withTimeout(TIMEOUT_MS, signal) });
    const text = await response.text();
    if (!response.ok) {
      throw errorOf(target, response, text);
    }
    return JSON.parse(text) as R;
  }

  private async credentialsIn(region: string, signal?: AbortSignal): Promise<Credentials> {
    const known = this.credentials.get(region);
    if (known && known.expires - Date.now() > RENEWAL_MS) {
      return known;
    }
    const credentials = await this.assumeRole(region, signal);
    this.credentials.set(region, credentials);
    return credentials;
  }

  /** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
  private async assumeRole(region: string, signal?: AbortSignal): Promise<Credentials> {
    const { AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = this.env;
    if (!role || !tokenFile) {
      throw new Error(
        'AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are not set: annotate the ServiceAccount with eks.amazonaws.com/role-arn',
      );
    }
    const response = await fetch(this.endpoint('sts', region), {
      method: 'POST',
      body: new URLSearchParams({
        Action: 'AssumeRoleWithWebIdentity',
        Version: '2011-06-15',
        RoleArn: role,
        RoleSessionName: 'remediation-webhook',
        // The kubelet renews projected tokens, so the file is read each time.
        WebIdentityToken: readFileSync(tokenFile, 'utf8').trim(),
      }),
      signal: withTimeout(TIMEOUT_MS, signal),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new AwsError(element(text, 'Code') ?? '', `${role}: ${element(text, 'Message') ?? response.status}`);
    }
    return {
      accessKeyId: element(text, 'AccessKeyId') ?? '',
      secretAccessKey: element(text, 'SecretAccessKey') ?? '',
      sessionToken: element(text, 'SessionToken') ?? '',
      expires: Date.parse(element(text, 'Expiration') ?? ''),
    };
  }

  private endpoint(service: string, region: string): string {
    const url =
      this.env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ??
      this.env.AWS_ENDPOINT_URL ??
      `https://${service}.${region}.amazonaws.com`;
    return new URL('/', url).href;
  }
}

/** Text of an XML element in an answer of STS. Its values contain no escaped characters. */
function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

/** The code is in a header or in the body, with a namespace before it (`#`) or a link after it (`:`). */
function errorOf(target: string, response: Response, text: string): AwsError {
  let body: { readonly __type?: string; readonly message?: string; readonly Message?: string } = {};
  try {
    body = JSON.parse(text);
  } catch {
    body = { message: text.slice(0, 200) };
  }
  const type = response.headers.get('x-amzn-errortype') ?? body.__type ?? '';
  const code = type.split('#').at(-1)!.split(':')[0]!;
  return new AwsError(code, `${target}: ${response.status} ${code} ${body.message ?? body.Message ?? ''}`.trim());
}
