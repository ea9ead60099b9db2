import { type Endpoint, type SecretKey, SettingError } from '../kit';
import { checkCidrs, checkCredentials, checkScheme } from '../kit/checks';

/** A bucket for chunks and index. */
export type ObjectStorage = S3Storage | GcsStorage | AzureStorage;

/** Amazon S3, or a server that speaks its protocol. */
export interface S3Storage {
  /** Kind of the storage. */
  readonly kind: 's3';
  /** Name of the bucket. Loki does not create it. */
  readonly bucket: string;
  /** Region of the bucket. A server of your own ignores it. */
  readonly region: string;
  /** How Loki proves who it is. */
  readonly access: S3Access;
  /** Your own server, e.g. MinIO or Ceph, with path-style URLs. @default - Amazon S3 */
  readonly server?: Endpoint;
  /** Ranges of private addresses of S3 and STS, e.g. of VPC endpoints. @default - the Internet */
  readonly cidrs?: readonly string[];
}

/** Access to S3. The keys of a Secret become environment variables, which the AWS SDK reads. */
export type S3Access =
  | {
      /**
       * A role for the ServiceAccount (IRSA):
       * https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
       */
      readonly kind: 'role';
      /** The role, `arn:aws:iam::…:role/…`. */
      readonly arn: string;
    }
  | {
      /** EKS Pod Identity. You associate the role with the ServiceAccount in AWS. */
      readonly kind: 'pod-identity';
    }
  | {
      /** Access keys. */
      readonly kind: 'keys';
      /** Key of the Secret that holds the access key id. */
      readonly accessKeyId: SecretKey;
      /** Key of the Secret that holds the secret access key. */
      readonly secretAccessKey: SecretKey;
    };

/** Google Cloud Storage. */
export interface GcsStorage {
  /** Kind of the storage. */
  readonly kind: 'gcs';
  /** Name of the bucket. Loki does not create it. */
  readonly bucket: string;
  /** How Loki proves who it is. */
  readonly access: GcsAccess;
  /** Ranges of private addresses of Google's APIs, e.g. `199.36.153.8/30`. @default - the Internet */
  readonly cidrs?: readonly string[];
}

/** Access to Google Cloud Storage. */
export type GcsAccess =
  | {
      /** Workload Identity: the ServiceAccount acts as a service account of Google Cloud. */
      readonly kind: 'workload-identity';
      /** E-mail address of Google's service account. */
      readonly serviceAccount: string;
    }
  | {
      /** A service account key. */
      readonly kind: 'key';
      /** Key of the Secret that holds the JSON file. */
      readonly json: SecretKey;
    };

/** Azure Blob Storage. */
export interface AzureStorage {
  /** Kind of the storage. */
  readonly kind: 'azure';
  /** Name of the storage account. */
  readonly account: string;
  /** Name of the container. Loki does not create it. */
  readonly container: string;
  /** How Loki proves who it is. */
  readonly access: AzureAccess;
  /** Ranges of private addresses of the account, e.g. of a private endpoint. @default - the Internet */
  readonly cidrs?: readonly string[];
}

/** Access to Azure Blob Storage. */
export type AzureAccess =
  | {
      /** Workload Identity of Microsoft Entra. */
      readonly kind: 'workload-identity';
      /** Client id of the application or the managed identity. */
      readonly clientId: string;
    }
  | {
      /** The key of the storage account. */
      readonly kind: 'key';
      /** Key of the Secret that holds it. */
      readonly accountKey: SecretKey;
    };

const ACCESS_KINDS = {
  s3: ['role', 'pod-identity', 'keys'],
  gcs: ['workload-identity', 'key'],
  azure: ['workload-identity', 'key'],
} as const;

/**
 * Checks a bucket and the access to it.
 *
 * @throws SettingError
 */
export function checkObjectStorage(storage: ObjectStorage): void {
  const kinds: readonly string[] | undefined = ACCESS_KINDS[storage.kind];
  if (!kinds) {
    throw new SettingError('objectStorage.kind', storage.kind, `write one of ${Object.keys(ACCESS_KINDS).join(', ')}`);
  }
  if (!kinds.includes(storage.access?.kind)) {
    throw new SettingError('objectStorage.access.kind', storage.access?.kind, `write one of ${kinds.join(', ')}`);
  }
  for (const [name, value] of namesOf(storage)) {
    if (!/^[a-z0-9][a-z0-9._-]*$/i.test(value ?? '')) {
      throw new SettingError(`objectStorage.${name}`, value, 'write letters, digits, dots, dashes and underscores');
    }
  }
  checkCidrs('objectStorage.cidrs', storage.cidrs);
  checkAccess(storage);
}

function namesOf(storage: ObjectStorage): readonly (readonly [string, string | undefined])[] {
  switch (storage.kind) {
    case 's3':
      return [
        ['bucket', storage.bucket],
        ['region', storage.region],
      ];
    case 'gcs':
      return [['bucket', storage.bucket]];
    case 'azure':
      return [
        ['account', storage.account],
        ['container', storage.container],
      ];
  }
}

function checkAccess({ kind, access }: ObjectStorage): void {
  switch (access.kind) {
    case 'role':
      if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/.test(access.arn)) {
        throw new SettingError(
          'objectStorage.access.arn',
          access.arn,
          'write a role, arn:aws:iam::<account>:role/<name>',
        );
      }
      return;
    case 'keys':
      checkKey('accessKeyId', access.accessKeyId);
      checkKey('secretAccessKey', access.secretAccessKey);
      return;
    case 'key':
      checkKey(kind === 'gcs' ? 'json' : 'accountKey', 'json' in access ? access.json : access.accountKey);
      return;
    default:
  }
}

function checkKey(name: string, key: SecretKey): void {
  if (typeof key !== 'object' || typeof key.key !== 'string') {
    const fix = 'the manifest would show it; write a key of a Secret: { credentials, key }';
    throw new SettingError(`objectStorage.access.${name}`, '(hidden)', fix);
  }
  checkCredentials(`objectStorage.access.${name}.credentials`, key.credentials);
}

/**
 * The section `common.storage` of a bucket. It holds no secret.
 *
 * @param server address of an S3 server of your own
 */
export function storageSection(
  storage: ObjectStorage,
  server?: { readonly scheme: string; readonly address: string },
): object {
  switch (storage.kind) {
    case 's3':
      return {
        s3: {
          bucketnames: storage.bucket,
          region: storage.region,
          ...(server && { endpoint: server.address, s3forcepathstyle: true, insecure: server.scheme !== 'https' }),
        },
      };
    case 'gcs':
      return { gcs: { bucket_name: storage.bucket } };
    case 'azure':
      return {
        azure: {
          account_name: storage.account,
          container_name: storage.container,
          ...(storage.access.kind === 'workload-identity' && { use_federated_token: true }),
        },
      };
  }
}

/**
 * Checks the protocol of an S3 server.
 *
 * @throws SettingError
 */
export function checkS3Server(connection: { readonly scheme: string; readonly url: () => string }): void {
  checkScheme('objectStorage.server', connection, ['http', 'https']);
}

/** What Loki's schema and compactor call the storage. */
export function storeName(storage: ObjectStorage | undefined): 'filesystem' | ObjectStorage['kind'] {
  return storage?.kind ?? 'filesystem';
}
