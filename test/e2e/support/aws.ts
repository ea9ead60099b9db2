import { createHash, createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An IP set as AWS stores it. */
export interface KeptIpSet {
  readonly Id: string;
  readonly Name: string;
  readonly Description: string;
  Addresses: string[];
  lockToken: string;
}

/** A stand-in for AWS WAF and STS on loopback. */
export interface StandInForAws {
  readonly url: string;
  readonly sets: readonly KeptIpSet[];
  /** The calls in order, with the status of the response: `UpdateIPSet 200`. */
  readonly calls: string[];
  /** Changes that another client makes between two calls, one per call. */
  readonly interferences: ((set: KeptIpSet) => void)[];
  stop(): void;
}

export interface StandInProps {
  readonly region: string;
  readonly roleArn: string;
  /** What the role trusts. */
  readonly identityToken: string;
  readonly sets: readonly { readonly Id: string; readonly Name: string; readonly Description: string }[];
}

/** Fake temporary credentials. */
const CREDENTIALS = {
  AccessKeyId: 'ASIANOTAREALKEY',
  SecretAccessKey: 'not-a-real-secret-access-key',
  SessionToken: 'not-a-real-session-token',
} as const;

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
  ) {
    super(type);
  }
}

/**
 * Starts the stand-in. Like AWS, it checks signatures, replaces a whole set under its lock token, and writes IPv6
 * addresses in full.
 */
export async function startStandInForAws(props: StandInProps): Promise<StandInForAws> {
  const sets: KeptIpSet[] = props.sets.map((set) => ({ ...set, Addresses: [], lockToken: randomUUID() }));
  const calls: string[] = [];
  const interferences: StandInForAws['interferences'] = [];

  const setOf = ({ Id, Name, Scope }: Record<string, unknown>) => {
    const set = sets.find((each) => each.Id === Id && each.Name === Name);
    if (!set || Scope !== 'REGIONAL') {
      throw new Refused(400, 'WAFNonexistentItemException');
    }
    return set;
  };
  const operations: { readonly [name: string]: (body: Record<string, unknown>) => object } = {
    GetIPSet: (body) => {
      const { lockToken, ...set } = setOf(body);
      return { IPSet: { ...set, Addresses: [...set.Addresses] }, LockToken: lockToken };
    },
    UpdateIPSet: (body) => {
      const set = setOf(body);
      interferences.shift()?.(set);
      if (body.LockToken !== set.lockToken) {
        throw new Refused(400, 'WAFOptimisticLockException');
      }
      // As in AWS, a description that is left out is removed.
      Object.assign(set, { Description: body.Description ?? '' });
      set.Addresses = (body.Addresses as string[]).map(inFull);
      set.lockToken = randomUUID();
      return { NextLockToken: set.lockToken };
    },
  };

  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) {
      text += chunk;
    }
    const target = request.headers['x-amz-target'] as string | undefined;
    const operation = target?.replace('AWSWAF_20190729.', '') ?? new URLSearchParams(text).get('Action') ?? '';
    try {
      const answer = target ? answerJson(operation, request, text) : answerXml(text);
      calls.push(`${operation} 200`);
      response.writeHead(200).end(answer);
    } catch (error) {
      const { status, type } = error as Refused;
      calls.push(`${operation} ${status}`);
      response
        .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify({ __type: `com.amazonaws.wafv2#${type}`, message: type }));
    }
  });

  function answerJson(operation: string, request: IncomingMessage, text: string): string {
    if (!isSigned(request, text, props.region)) {
      throw new Refused(403, 'InvalidSignatureException');
    }
    return JSON.stringify(operations[operation]!(JSON.parse(text)));
  }

  function answerXml(text: string): string {
    const form = new URLSearchParams(text);
    if (form.get('RoleArn') !== props.roleArn || form.get('WebIdentityToken') !== props.identityToken) {
      throw new Refused(403, 'AccessDenied');
    }
    const fields = { ...CREDENTIALS, Expiration: new Date(Date.now() + 3_600_000).toISOString() };
    const elements = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
    return `<AssumeRoleWithWebIdentityResponse><Credentials>${elements.join('')}</Credentials></AssumeRoleWithWebIdentityResponse>`;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sets,
    calls,
    interferences,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Whether a request has a valid signature (version 4) of the issued credentials. */
function isSigned({ method, url, headers }: IncomingMessage, body: string, region: string): boolean {
  const [, date, signed, signature] =
    new RegExp(
      `^AWS4-HMAC-SHA256 Credential=${CREDENTIALS.AccessKeyId}/(\\d{8})/${region}/wafv2/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$`,
    ).exec(headers.authorization ?? '') ?? [];
  const time = `${headers['x-amz-date']}`;
  const names = signed?.split(';') ?? [];
  const needed = ['host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target'];
  if (!date || !time.startsWith(date) || needed.some((name) => !names.includes(name))) {
    return false;
  }
  const age = Date.now() - Date.parse(time.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  if (!(Math.abs(age) < 300_000) || headers['x-amz-security-token'] !== CREDENTIALS.SessionToken) {
    return false;
  }
  const canonical = [
    ...[method, url, ''],
    ...names.map((name) => `${name}:${`${headers[name]}`.trim()}`),
    ...['', signed, sha256(body)],
  ].join('\n');
  const scope = `${date}/${region}/wafv2/aws4_request`;
  const key = [date, region, 'wafv2', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${CREDENTIALS.SecretAccessKey}`,
  );
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  return createHmac('sha256', key).update(toSign).digest('hex') === signature;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** `2001:db8:0:1::/64` as `2001:0db8:0000:0001:0000:0000:0000:0000/64`. */
function inFull(cidr: string): string {
  const [address = '', bits] = cidr.split('/');
  if (!address.includes(':')) {
    return cidr;
  }
  const [before = [], after = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return `${[...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(':')}/${bits}`;
}
