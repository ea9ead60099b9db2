import { type Destination, Endpoint, type SecretKey } from '../kit';
import type { AzureStorage, GcsStorage, ObjectStorage, S3Storage } from './object-storage';

/** What the pods need to reach the bucket. */
export interface StorageAccess {
  readonly serviceAccountAnnotations?: { readonly [key: string]: string };
  readonly podLabels?: { readonly [key: string]: string };
  /** Values that come from Secrets, by the name of the environment variable. */
  readonly variables: { readonly [name: string]: SecretKey };
  readonly args: readonly string[];
  /** A file that comes from a Secret, and the variable with its path. */
  readonly file?: { readonly variable: string; readonly key: SecretKey };
  readonly destinations: readonly Destination[];
}

/** Name of the environment variable with Azure's account key. Kubernetes expands it in the arguments. */
const AZURE_KEY = 'AZURE_STORAGE_ACCOUNT_KEY';

/** How the pods prove who they are, and where they may send traffic. */
export function storageAccess(storage: ObjectStorage): StorageAccess {
  switch (storage.kind) {
    case 's3':
      return s3Access(storage);
    case 'gcs':
      return gcsAccess(storage);
    case 'azure':
      return azureAccess(storage);
  }
}

function s3Access({ access, server, cidrs }: S3Storage): StorageAccess {
  const destinations = [server ?? Endpoint.anyHost(443, cidrs)];
  switch (access.kind) {
    case 'role':
      // The SDK trades the ServiceAccount's token for credentials at STS.
      return {
        serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': access.arn },
        variables: {},
        args: [],
        destinations: server ? [server, Endpoint.anyHost(443, cidrs)] : destinations,
      };
    case 'pod-identity':
      // The agent on the node: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
      return { variables: {}, args: [], destinations: [...destinations, Endpoint.anyHost(80, ['169.254.170.23/32'])] };
    case 'keys':
      return {
        variables: { AWS_ACCESS_KEY_ID: access.accessKeyId, AWS_SECRET_ACCESS_KEY: access.secretAccessKey },
        args: [],
        destinations,
      };
  }
}

function gcsAccess({ access, cidrs }: GcsStorage): StorageAccess {
  const bucket = Endpoint.anyHost(443, cidrs);
  return access.kind === 'key'
    ? {
        variables: {},
        args: [],
        file: { variable: 'GOOGLE_APPLICATION_CREDENTIALS', key: access.json },
        destinations: [bucket],
      }
    : {
        serviceAccountAnnotations: { 'iam.gke.io/gcp-service-account': access.serviceAccount },
        variables: {},
        args: [],
        // The metadata server, with and without Dataplane V2:
        // https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy#network-policy-and-workload-identity
        destinations: [
          bucket,
          Endpoint.anyHost(988, ['169.254.169.252/32']),
          Endpoint.anyHost(80, ['169.254.169.254/32']),
        ],
      };
}

function azureAccess({ access, cidrs }: AzureStorage): StorageAccess {
  const destinations = [Endpoint.anyHost(443, cidrs)];
  return access.kind === 'key'
    ? {
        variables: { [AZURE_KEY]: access.accountKey },
        args: [`-common.storage.azure.account-key=$(${AZURE_KEY})`],
        destinations,
      }
    : {
        serviceAccountAnnotations: { 'azure.workload.identity/client-id': access.clientId },
        podLabels: { 'azure.workload.identity/use': 'true' },
        variables: {},
        args: [],
        destinations: cidrs ? [...destinations, Endpoint.anyHost()] : destinations,
      };
}
