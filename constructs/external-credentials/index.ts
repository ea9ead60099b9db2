export { ExternalCredentials, type ExternalCredentialsProps } from './external-credentials';
