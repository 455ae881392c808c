/**
 * Participants' tokens: RS256 JWTs, signed with a key pair that is created at its first use (AUTH-2, reference 6).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { GavelError } from '@gavel/protocol';
import { errors, importPKCS8, importSPKI, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../base/clock.ts';
import { type KeyPairDeps, lazyKeyPair } from './key-pair.ts';

/** Lifetime of a token in seconds: 100 days. */
export const TOKEN_LIFETIME_S = 100 * 24 * 60 * 60;
const PURPOSE = 'participant-token';
const ALGORITHM = 'RS256';

/** The subject of a token. */
export interface TokenSubject {
  /** The App, by its `rtkAppId`. */
  readonly orgId: string;
  readonly meetingId: string;
  readonly participantId: string;
  /** The preset at the time of issue. A login uses the participant's current preset, not this one. */
  readonly presetId: string;
}

/** A verified token. */
export interface VerifiedToken extends TokenSubject {
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

interface TokenKeys {
  readonly keyId: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** Signs and verifies participants' tokens. */
export class ParticipantTokens {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #loadPair: ReturnType<typeof lazyKeyPair>;
  #keys: TokenKeys | undefined;

  constructor(deps: KeyPairDeps) {
    this.#clock = deps.clock;
    this.#loadPair = lazyKeyPair(deps, PURPOSE);
  }

  /** Creates a token with the lifetime `TOKEN_LIFETIME_S`. Tokens created in the same second differ only in their id. */
  async sign(subject: TokenSubject): Promise<string> {
    const { keyId, privateKey } = await this.#loadKeys();
    const issuedAtS = Math.floor(this.#clock.now() / 1000);
    return new SignJWT({ ...subject })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: keyId })
      .setIssuedAt(issuedAtS)
      .setExpirationTime(issuedAtS + TOKEN_LIFETIME_S)
      .setJti(randomUUID())
      .sign(privateKey);
  }

  /** Verifies a token. @throws GavelError `login.token-expired`, `login.bad-credential` */
  async verify(token: string): Promise<VerifiedToken> {
    const { publicKey } = await this.#loadKeys();
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        algorithms: [ALGORITHM],
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['exp'],
      });
      return {
        orgId: requireText(payload.orgId),
        meetingId: requireText(payload.meetingId),
        participantId: requireText(payload.participantId),
        presetId: requireText(payload.presetId),
        expiresAtMs: Number(payload.exp) * 1000,
      };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new GavelError('login.token-expired');
      if (error instanceof errors.JOSEError) throw new GavelError('login.bad-credential');
      throw error;
    }
  }

  async #loadKeys(): Promise<TokenKeys> {
    if (this.#keys) return this.#keys;
    const { keyId, ...pair } = await this.#loadPair();
    const [privateKey, publicKey] = await Promise.all([
      importPKCS8(pair.privateKey, ALGORITHM),
      importSPKI(pair.publicKey, ALGORITHM),
    ]);
    this.#keys = { keyId, privateKey, publicKey };
    return this.#keys;
  }
}

function requireText(claim: unknown): string {
  if (typeof claim !== 'string') throw new GavelError('login.bad-credential');
  return claim;
}
