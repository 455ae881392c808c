/**
 * Access: checks the public parameters and the signature of a call (ACC-2, ACC-3; reference zego 1.3, 1.4).
 *
 * @module
 */

import { hash, timingSafeEqual } from 'node:crypto';
import type { Environment } from '@gavel/protocol';
import { type App, type Apps, validSecretsOf } from '../apps/app.ts';
import { type Body, hasField, NO_BODY } from './body.ts';
import { CODES, Refusal, type ReturnCode } from './codes.ts';
import type { Query } from './query.ts';

/** Maximum difference between a Timestamp and the server time, in seconds. */
export const MAX_TIMESTAMP_SKEW_SECONDS = 600;

/** A Timestamp this close to the server time in milliseconds is assumed to be in milliseconds. One year allows for wrong clocks. */
const MILLISECONDS_HINT_RANGE_MS = 365 * 24 * 3_600_000;

/** The public parameters. A query with any of them is a call. */
export const PUBLIC_PARAMETERS = [
  'Action',
  'AppId',
  'SignatureNonce',
  'Timestamp',
  'Signature',
  'SignatureVersion',
  'IsTest',
] as const;

type PublicParameter = (typeof PUBLIC_PARAMETERS)[number];

const IN_QUERY_HINT = 'public parameters belong in the query of the URL, also of a POST.';
const MILLISECONDS_HINT = 'It seems to be in milliseconds; send seconds.';

/** The verified facts of a call. */
export interface Access {
  readonly app: App;
  /** The Action name; it may not exist. */
  readonly action: string;
  readonly environment: Environment;
  readonly nonce: string;
  /** Seconds since the Unix epoch. */
  readonly timestamp: number;
}

/** Returns md5(AppId + SignatureNonce + ServerSecret + Timestamp) as 32 lowercase hex digits (ACC-3). */
export function signatureOf(appId: string, nonce: string, serverSecret: string, timestamp: string): string {
  return hash('md5', `${appId}${nonce}${serverSecret}${timestamp}`, 'hex');
}

function isSame(given: string, expected: string): boolean {
  const left = Buffer.from(given);
  const right = Buffer.from(expected);
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Checks the public parameters in the order of ACC-2, from Action to Signature.
 *
 * A value that cannot be decoded, or is sent twice with different texts, is handled like any other invalid value.
 *
 * @param body searched for public parameters that the query lacks, only to mention them in the message
 * @throws Refusal with the code of the first check that fails (reference zego 1.7)
 */
export function requireAccess(query: Query, apps: Apps, nowMs: number, body: Body = NO_BODY): Access {
  const text = (name: PublicParameter) => query.scalar(name)?.text ?? '';
  const missing = (name: PublicParameter, code: ReturnCode) =>
    new Refusal(code, hasField(body, name) ? `${code.meaning} ${name} is in the body; ${IN_QUERY_HINT}` : code.meaning);
  const action = text('Action');
  if (action === '') throw missing('Action', CODES.actionEmpty);
  const appIdText = text('AppId');
  const appId = /^\d{1,10}$/.test(appIdText) ? Number(appIdText) : Number.NaN;
  if (appIdText === '') throw missing('AppId', CODES.appIdMalformed);
  if (!(appId <= 0xffff_ffff)) throw new Refusal(CODES.appIdMalformed);
  const version = text('SignatureVersion');
  if (version === '') throw missing('SignatureVersion', CODES.signatureVersionEmpty);
  if (version !== '2.0') throw new Refusal(CODES.signatureVersionNotSupported);
  const nonce = text('SignatureNonce');
  if (nonce === '') throw missing('SignatureNonce', CODES.nonceEmpty);
  const timestampText = text('Timestamp');
  if (timestampText === '') throw missing('Timestamp', CODES.timestampEmpty);
  if (!/^-?\d{1,19}$/.test(timestampText)) throw new Refusal(CODES.timestampMalformed);
  const signature = text('Signature');
  if (signature === '') throw missing('Signature', CODES.signatureEmpty);
  const app = apps.find(appId);
  if (!app) throw new Refusal(CODES.serverSecretNotFound);
  // Both sides in whole seconds: a Timestamp has no fraction.
  const timestamp = Number(timestampText);
  const skewSeconds = Math.abs(Math.floor(nowMs / 1000) - timestamp);
  if (skewSeconds > MAX_TIMESTAMP_SKEW_SECONDS) {
    const { meaning } = CODES.signatureExpired;
    const isMilliseconds = Math.abs(nowMs - timestamp) < MILLISECONDS_HINT_RANGE_MS;
    throw new Refusal(CODES.signatureExpired, isMilliseconds ? `${meaning} ${MILLISECONDS_HINT}` : meaning);
  }
  const secrets = validSecretsOf(app, nowMs);
  if (!secrets.some((secret) => isSame(signature, signatureOf(appIdText, nonce, secret, timestampText)))) {
    throw new Refusal(CODES.signatureWrong);
  }
  const environment = text('IsTest').toLowerCase() === 'true' ? 'test' : 'production';
  return { app, action, environment, nonce, timestamp };
}
